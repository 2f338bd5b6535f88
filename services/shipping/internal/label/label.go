// Package label draws the label of a parcel on a page of A6: the same label gives the same bytes. Its barcode is the tracking
// number in Code 128, which carriers' scanners read. The layout and its words are English.
package label

import (
	"fmt"
	"slices"
	"strings"

	"github.com/boombuler/barcode/code128"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"orderflow.example/services/shipping"
	"orderflow.example/shared/typeset"
)

// Lengths in points. A6 is 297.64 × 419.53.
const (
	width   = 297.64
	height  = 419.53
	margin  = 20.0
	right   = width - margin
	small   = 8.0
	tallest = 14.0 // letters of the address
	least   = 3.0
	room    = 128.0 // for the addressee

	senderRoom = 52.0
)

// Draw is the label as a PDF.
func Draw(p shipping.Printed) []byte {
	s := typeset.New(width, height)
	s.Add()
	y := height - margin - 14
	s.Left(p.Carrier, typeset.Bold(), 15, margin, y, right-margin-70)
	kind := "PARCEL"
	if p.Return {
		kind = "RETURN"
	}
	s.Ends(kind, typeset.Bold(), 11, right, y)
	y -= 10
	s.Rule(margin, right, y, 0)
	y -= 13
	s.Left("From", typeset.Bold(), small, margin, y, 30)
	address(s, []string{p.From.Name, p.From.Line1, p.From.Line2,
		strings.TrimSpace(p.From.Postcode + " " + p.From.City + " " + p.From.Country)}, y, small, senderRoom, false)
	y -= senderRoom
	s.Rule(margin, right, y, 0.6)
	y -= 20
	s.Left("To", typeset.Bold(), small, margin, y, 30)
	address(s, []string{p.To.Name, p.To.Line1, p.To.Line2, strings.TrimSpace(p.To.Postcode + " " + p.To.City),
		country(p.To.Country)}, y, tallest, room, true)
	y -= room
	s.Rule(margin, right, y, 0.6)
	y -= 13
	if p.Part != nil {
		s.Ends(fmt.Sprintf("Parcel %d of %d", p.Part.Number, p.Part.Of), typeset.Bold(), 11, right, y-2*small*typeset.Leading)
	}
	for _, fact := range [][2]string{{"Order", p.Order}, {"Date", p.At.Format("2 January 2006")}, {"Pieces", fmt.Sprint(p.Pieces)}} {
		s.Left(fact[0], typeset.Bold(), small, margin, y, 40)
		s.Left(fact[1], typeset.Regular(), small, margin+42, y, right-margin-42)
		y -= small * typeset.Leading
	}
	bars(s, p.TrackingNumber, 48, 70)
	s.Centre(p.TrackingNumber, typeset.Bold(), min(13, 400/float64(max(1, len(p.TrackingNumber)))), width/2, 30)
	return s.File(typeset.Properties{Title: "Label " + p.TrackingNumber, Author: p.Carrier, Subject: "Order " + p.Order, At: p.At})
}

// address draws the lines of an address as large as they fit, at most in that size; if it stands out, first and last in bold.
func address(s *typeset.Pages, lines []string, y, size, room float64, stands bool) {
	lines = slices.DeleteFunc(lines, func(text string) bool { return text == "" })
	const wide = right - margin - 32
	for ; size > least; size -= 0.5 {
		high := 0.0
		for _, text := range lines {
			high += s.Height(text, typeset.Bold(), size, wide) + size*typeset.Leading
		}
		if high <= room-8 {
			break
		}
	}
	for n, text := range lines {
		face := typeset.Regular()
		if stands && (n == 0 || n == len(lines)-1) {
			face = typeset.Bold()
		}
		y -= s.Left(text, face, size, margin+32, y, wide) + size*typeset.Leading
	}
}

// country is its English name in capitals, as the Universal Postal Union wants the last line of an address.
func country(code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	return strings.ToUpper(display.English.Regions().Name(region))
}

// quiet is how many modules of white there are on each side of the bars, by ISO/IEC 15417.
const quiet = 10

// bars draws the text in Code 128, each bar as one rectangle. Text that it has not is not drawn: it is printed below in any case.
func bars(s *typeset.Pages, text string, y, high float64) {
	code, err := code128.Encode(text)
	if err != nil {
		return
	}
	modules := code.Bounds().Dx()
	module := min(1.5, (width-8)/float64(modules+2*quiet))
	from := (width - module*float64(modules)) / 2
	black := func(n int) bool { r, _, _, _ := code.At(n, 0).RGBA(); return r == 0 }
	for n := 0; n < modules; n++ {
		first := n
		for n < modules && black(n) {
			n++
		}
		if n > first {
			s.Fill(from+module*float64(first), y, module*float64(n-first), high)
		}
	}
}
