// Package pdf draws a document on pages of A4: the same document gives the same bytes. Texts are in any script of the fonts that
// come along, in both directions, and can be found and copied. The layout and its words are English.
package pdf

import (
	"fmt"
	"strings"

	"orderflow.example/schemas"
	"orderflow.example/services/invoice/internal/document"
)

// Lengths in points. A4 is 595.28 × 841.89.
const (
	pageWidth  = 595.28
	pageHeight = 841.89
	margin     = 50.0
	right      = pageWidth - margin
	bottom     = 90.0
	normal     = 9.0
	leading    = 12.5
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
	typesetter
	document.Document
	pages []*strings.Builder
	y     float64
}

// Draw is the PDF.
func Draw(d document.Document) []byte {
	s := &sheet{typesetter: typesetter{fonts: map[*typeface]*used{}}, Document: d}
	s.newPage()
	s.parties()
	s.heads()
	for _, l := range d.Lines {
		s.line(l)
	}
	s.totals()
	for n := range s.pages {
		s.footer(n)
	}
	return s.file()
}

func (s *sheet) page() *strings.Builder { return s.pages[len(s.pages)-1] }

func (s *sheet) newPage() {
	s.pages = append(s.pages, &strings.Builder{})
	s.y = pageHeight - margin - 14
	s.left(s.Seller.Name, bold(), 13, margin, 300)
	s.ends(strings.ToUpper(s.title()), bold(), 17, right)
	s.y -= 16
	s.ends(s.Number, regular(), 10, right)
	if len(s.pages) > 1 {
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
func (s *sheet) left(text string, t *typeface, size, x, width float64) (more float64) {
	for n, l := range s.lines(text, t, width*em/size) {
		more = float64(n) * size * leading / normal
		s.draw(s.page(), l, x, s.y-more, size)
	}
	return more
}

// ends draws a short text that ends at x.
func (s *sheet) ends(text string, t *typeface, size, x float64) {
	for _, l := range s.lines(text, t, pageWidth*em/size) {
		s.draw(s.page(), l, x-l.width*size/em, s.y, size)
	}
}

func (s *sheet) rule(grey float64) {
	fmt.Fprintf(s.page(), "%s G 0.5 w %s %s m %s %s l S\n", number(grey), number(margin), number(s.y), number(right), number(s.y))
}

// parties draws who sells, who buys, and which document it is.
func (s *sheet) parties() {
	top := s.y
	s.y += 4
	for _, text := range append(address(s.Seller.Address, s.Seller.Name), s.Seller.Email) {
		s.y -= s.left(text, regular(), normal, margin, textWidth) + leading
	}
	under := s.y
	s.y = top - leading
	facts := [][2]string{{"Date", s.At.Format("2 January 2006")}, {"Order", s.Order}}
	if s.Credit {
		facts = append(facts, [2]string{"Corrects invoice", s.Invoice}, [2]string{"Reason", reason(s.Reason)})
	}
	for _, fact := range facts {
		s.y -= leading
		s.left(fact[0], bold(), normal, 310, 90)
		s.ends(fact[1], regular(), normal, right)
	}
	s.y = min(under, s.y) - 18
	s.left("Sold to", bold(), normal, margin, textWidth)
	for _, text := range address(s.Buyer, "") {
		s.y -= leading
		s.y -= s.left(text, regular(), 10, margin, 300)
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
	s.left("Description", bold(), normal, margin, textWidth)
	s.ends("Quantity", bold(), normal, quantityEnd)
	s.ends("Price", bold(), normal, priceEnd)
	s.ends("Incl. VAT", bold(), normal, taxEnd)
	s.ends("Amount "+s.Currency, bold(), normal, right)
	s.y -= 5
	s.rule(0.3)
	s.y -= 14
}

// line draws a line of the document, on a new page where it does not fit.
func (s *sheet) line(l document.Line) {
	height := float64(len(s.lines(l.Text, regular(), textWidth*em/normal)))*leading + leading
	if s.y-height < bottom {
		s.newPage()
		s.heads()
	}
	s.ends(grouped(l.Quantity), regular(), normal, quantityEnd)
	s.ends(s.Grouped(l.UnitPrice), regular(), normal, priceEnd)
	s.ends(s.Grouped(l.Tax), regular(), normal, taxEnd)
	s.ends(s.Grouped(l.Amount), regular(), normal, right)
	s.y -= s.left(l.Text, regular(), normal, margin, textWidth)
	if l.SKU != "" && l.SKU != l.Text {
		s.y -= 10
		s.left(l.SKU, regular(), 7, margin, textWidth)
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
	sum := func(what, amount string, t *typeface) {
		s.ends(what, t, 10, taxEnd)
		s.ends(amount, t, 10, right)
		s.y -= 15
	}
	sum("Total without VAT", s.Grouped(s.Net()), regular())
	sum(fmt.Sprintf("VAT %s (%s%%)", s.Country, s.Percent()), s.Grouped(s.Tax), regular())
	sum("Total "+s.Currency, s.Grouped(s.Amount), bold())
	s.y -= 6
	text := "Paid by card. Nothing is left to pay."
	if s.Credit {
		text = "Given back to the card that paid."
	}
	s.left(strings.TrimSpace(text+" "+exempt[s.Category]), regular(), normal, margin, right-margin)
}

func (s *sheet) footer(n int) {
	all := s.pages
	s.pages = all[:n+1] // the page that is drawn on
	s.y = 58
	s.rule(0.85)
	s.y = 45
	who := s.Seller.Name + " · VAT " + s.Seller.TaxNumber
	if s.Seller.Registration != "" {
		who += " · Company " + s.Seller.Registration
	}
	s.left(who, regular(), 7.5, margin, 400)
	s.ends(fmt.Sprintf("Page %d of %d", n+1, len(all)), regular(), 7.5, right)
	s.pages = all
}

// file puts the pages together.
func (s *sheet) file() []byte {
	f := newFile()
	root, tree := f.reserve(), f.reserve()
	var fonts, kids strings.Builder
	for n, u := range s.order {
		fmt.Fprintf(&fonts, "/F%d %d 0 R ", n+1, f.font(u))
	}
	for _, p := range s.pages {
		content := f.stream([]byte(p.String()), "")
		fmt.Fprintf(&kids, "%d 0 R ", f.add("<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %s %s] /Resources << /Font << %s>> >> "+
			"/Contents %d 0 R >>",
			tree, number(pageWidth), number(pageHeight), fonts.String(), content))
	}
	info, metadata := f.properties(properties{title: s.title() + " " + s.Number, author: s.Seller.Name, at: s.At,
		subject: fmt.Sprintf("Order %s, %s %s", s.Order, s.Decimal(s.Amount), s.Currency)})
	f.put(tree, "<< /Type /Pages /Kids [%s] /Count %d >>", kids.String(), len(s.pages))
	f.put(root, "<< /Type /Catalog /Pages %d 0 R /Metadata %d 0 R /Lang (en) /ViewerPreferences << /DisplayDocTitle true >> >>",
		tree, metadata)
	return f.end(root, info)
}
