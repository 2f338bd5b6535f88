// Package pdf draws a document on pages of A4: the same document gives the same bytes. The layout and its words are English.
package pdf

import (
	"fmt"
	"strings"

	"orderflow.example/schemas"
	"orderflow.example/services/invoice/internal/document"
	"orderflow.example/shared/typeset"
)

// Lengths in points. A4 is 595.28 × 841.89.
const (
	pageWidth  = 595.28
	pageHeight = 841.89
	margin     = 50.0
	right      = pageWidth - margin
	bottom     = 90.0
	normal     = 9.0
	leading    = normal * typeset.Leading
)

// The right ends of the columns of numbers; the description has what is left of them.
const (
	quantityEnd = 340.0
	priceEnd    = 415.0
	taxEnd      = 475.0
	textWidth   = 240.0
)

// sheet draws pages from top to bottom.
type sheet struct {
	*typeset.Pages
	document.Document
	y float64
}

// Draw is the PDF.
func Draw(d document.Document) []byte {
	s := &sheet{Pages: typeset.New(pageWidth, pageHeight), Document: d}
	s.newPage()
	s.parties()
	s.heads()
	for _, l := range d.Lines {
		s.line(l)
	}
	s.totals()
	for n := range s.Count() {
		s.footer(n)
	}
	return s.file()
}

func (s *sheet) newPage() {
	s.Add()
	s.y = pageHeight - margin - 14
	s.left(s.Seller.Name, typeset.Bold(), 13, margin, 300)
	s.ends(strings.ToUpper(s.title()), typeset.Bold(), 17, right)
	s.y -= 16
	s.ends(s.Number, typeset.Regular(), 10, right)
	if s.Count() > 1 {
		s.y -= 20
	}
}

func (s *sheet) title() string {
	if s.Credit {
		return "Credit note"
	}
	return "Invoice"
}

// left draws a paragraph from x on, and returns the height of the lines after the first.
func (s *sheet) left(text string, t *typeset.Typeface, size, x, width float64) (more float64) {
	return s.Left(text, t, size, x, s.y, width)
}

// ends draws a short text that ends at x.
func (s *sheet) ends(text string, t *typeset.Typeface, size, x float64) {
	s.Ends(text, t, size, x, s.y)
}

func (s *sheet) rule(grey float64) { s.Rule(margin, right, s.y, grey) }

// parties draws who sells, who buys, and which document it is.
func (s *sheet) parties() {
	top := s.y
	s.y += 4
	for _, text := range append(address(s.Seller.Address, s.Seller.Name), s.Seller.Email) {
		s.y -= s.left(text, typeset.Regular(), normal, margin, textWidth) + leading
	}
	under := s.y
	s.y = top - leading
	facts := [][2]string{{"Date", s.At.Format("2 January 2006")}, {"Order", s.Order}}
	if s.Credit {
		facts = append(facts, [2]string{"Corrects invoice", s.Invoice}, [2]string{"Reason", reason(s.Reason)})
	}
	for _, fact := range facts {
		s.y -= leading
		s.left(fact[0], typeset.Bold(), normal, 310, 90)
		s.ends(fact[1], typeset.Regular(), normal, right)
	}
	s.y = min(under, s.y) - 18
	s.left("Sold to", typeset.Bold(), normal, margin, textWidth)
	for _, text := range address(s.Buyer, "") {
		s.y -= leading
		s.y -= s.left(text, typeset.Regular(), 10, margin, 300)
	}
	s.y -= 34
}

// reason is a stable word as people read it.
func reason(word string) string {
	if word == "" {
		return "refund"
	}
	return strings.ReplaceAll(word, "_", " ")
}

// address is an address line by line, without the name if it is this one.
func address(a schemas.Address, known string) (lines []string) {
	for _, text := range []string{a.Name, a.Line1, a.Line2, strings.TrimSpace(a.Postcode + " " + a.City), a.Country} {
		if text != "" && text != known {
			lines = append(lines, text)
		}
	}
	return lines
}

func (s *sheet) heads() {
	s.left("Description", typeset.Bold(), normal, margin, textWidth)
	s.ends("Quantity", typeset.Bold(), normal, quantityEnd)
	s.ends("Price", typeset.Bold(), normal, priceEnd)
	s.ends("Incl. VAT", typeset.Bold(), normal, taxEnd)
	s.ends("Amount "+s.Currency, typeset.Bold(), normal, right)
	s.y -= 5
	s.rule(0.3)
	s.y -= 14
}

// line draws a line of the document, on a new page where it does not fit.
func (s *sheet) line(l document.Line) {
	height := s.Height(l.Text, typeset.Regular(), normal, textWidth) + 2*leading
	if s.y-height < bottom {
		s.newPage()
		s.heads()
	}
	s.ends(grouped(l.Quantity), typeset.Regular(), normal, quantityEnd)
	s.ends(s.Grouped(l.UnitPrice), typeset.Regular(), normal, priceEnd)
	s.ends(s.Grouped(l.Tax), typeset.Regular(), normal, taxEnd)
	s.ends(s.Grouped(l.Amount), typeset.Regular(), normal, right)
	s.y -= s.left(l.Text, typeset.Regular(), normal, margin, textWidth)
	if l.SKU != "" && l.SKU != l.Text {
		s.y -= 10
		s.left(l.SKU, typeset.Regular(), 7, margin, textWidth)
	}
	s.y -= 5
	s.rule(0.85)
	s.y -= 13
}

func grouped(n int64) string { return document.Document{}.Grouped(n) }

// exempt says why there is no tax.
var exempt = map[string]string{"G": "Export: no VAT is charged.", "E": "Exempt from VAT.", "Z": "Zero rated."}

func (s *sheet) totals() {
	if s.y-5*leading < bottom {
		s.newPage()
	}
	s.y -= 6
	sum := func(what, amount string, t *typeset.Typeface) {
		s.ends(what, t, 10, taxEnd)
		s.ends(amount, t, 10, right)
		s.y -= 15
	}
	sum("Total without VAT", s.Grouped(s.Net()), typeset.Regular())
	sum(fmt.Sprintf("VAT %s (%s%%)", s.Country, s.Percent()), s.Grouped(s.Tax), typeset.Regular())
	sum("Total "+s.Currency, s.Grouped(s.Amount), typeset.Bold())
	s.y -= 6
	text := "Paid by card. Nothing is left to pay."
	if s.Credit {
		text = "Given back to the card that paid."
	}
	s.left(strings.TrimSpace(text+" "+exempt[s.Category]), typeset.Regular(), normal, margin, right-margin)
}

func (s *sheet) footer(n int) {
	s.Turn(n)
	s.y = 58
	s.rule(0.85)
	s.y = 45
	who := s.Seller.Name + " · VAT " + s.Seller.TaxNumber
	if s.Seller.Registration != "" {
		who += " · Company " + s.Seller.Registration
	}
	s.left(who, typeset.Regular(), 7.5, margin, 400)
	s.ends(fmt.Sprintf("Page %d of %d", n+1, s.Count()), typeset.Regular(), 7.5, right)
}

// file puts the pages together.
func (s *sheet) file() []byte {
	return s.File(typeset.Properties{Title: s.title() + " " + s.Number, Author: s.Seller.Name, At: s.At,
		Subject: fmt.Sprintf("Order %s, %s %s", s.Order, s.Decimal(s.Amount), s.Currency)})
}
