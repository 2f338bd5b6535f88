// Package typeset sets text on the pages of a PDF, in any script of the fonts that come along and in both directions; it can be
// found and copied. The same calls give the same bytes. What is drawn where is up to its users: invoices, and labels of parcels.
package typeset

import (
	"fmt"
	"strings"
	"time"
)

// Leading is the distance of two lines, in multiples of the font size.
const Leading = 12.5 / 9

// Pages are the pages of one file, all of one size. Lengths are points, a 72nd of an inch, from the lower left corner.
type Pages struct {
	typesetter
	width, height float64
	pages         []*strings.Builder
	at            int // the page that is drawn on
}

// New is a file without pages.
func New(width, height float64) *Pages {
	return &Pages{typesetter: typesetter{fonts: map[*Typeface]*used{}}, width: width, height: height}
}

// Add adds an empty page, which is drawn on from now on.
func (p *Pages) Add() { p.pages, p.at = append(p.pages, &strings.Builder{}), len(p.pages) }

// Turn draws on another page, counted from 0.
func (p *Pages) Turn(page int) { p.at = page }

// Count is how many pages there are.
func (p *Pages) Count() int { return len(p.pages) }

func (p *Pages) page() *strings.Builder { return p.pages[p.at] }

// Height is that of the paragraph's lines after the first, as Left returns it.
func (p *Pages) Height(text string, t *Typeface, size, width float64) float64 {
	return float64(max(0, len(p.lines(text, t, width*em/size))-1)) * size * Leading
}

// Left draws a paragraph from x on, its first line at y, and returns the height of the lines after that.
func (p *Pages) Left(text string, t *Typeface, size, x, y, width float64) (more float64) {
	for n, l := range p.lines(text, t, width*em/size) {
		more = float64(n) * size * Leading
		p.draw(p.page(), l, x, y-more, size)
	}
	return more
}

// Ends draws a short text that ends at x.
func (p *Pages) Ends(text string, t *Typeface, size, x, y float64) {
	for _, l := range p.lines(text, t, p.width*em/size) {
		p.draw(p.page(), l, x-l.width*size/em, y, size)
	}
}

// Centre draws a short text around x.
func (p *Pages) Centre(text string, t *Typeface, size, x, y float64) {
	for _, l := range p.lines(text, t, p.width*em/size) {
		p.draw(p.page(), l, x-l.width*size/em/2, y, size)
	}
}

// Rule draws a thin line from left to right, from black, 0, to white, 1.
func (p *Pages) Rule(from, to, y, grey float64) {
	fmt.Fprintf(p.page(), "%s G 0.5 w %s %s m %s %s l S\n", number(grey), number(from), number(y), number(to), number(y))
}

// Fill draws a black rectangle, of which x and y are the lower left corner.
func (p *Pages) Fill(x, y, width, height float64) {
	fmt.Fprintf(p.page(), "%s %s %s %s re f\n", number(x), number(y), number(width), number(height))
}

// Properties are what a file says of itself.
type Properties struct {
	Title, Author, Subject string
	At                     time.Time // when what it tells of was made, not when it was drawn
}

// File puts the pages together.
func (p *Pages) File(says Properties) []byte {
	f := newFile()
	root, tree := f.reserve(), f.reserve()
	var fonts, kids strings.Builder
	for n, u := range p.order {
		fmt.Fprintf(&fonts, "/F%d %d 0 R ", n+1, f.font(u))
	}
	for _, page := range p.pages {
		content := f.stream([]byte(page.String()), "")
		fmt.Fprintf(&kids, "%d 0 R ", f.add("<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %s %s] /Resources << /Font << %s>> >> "+
			"/Contents %d 0 R >>",
			tree, number(p.width), number(p.height), fonts.String(), content))
	}
	info, metadata := f.properties(says)
	f.put(tree, "<< /Type /Pages /Kids [%s] /Count %d >>", kids.String(), len(p.pages))
	f.put(root, "<< /Type /Catalog /Pages %d 0 R /Metadata %d 0 R /Lang (en) /ViewerPreferences << /DisplayDocTitle true >> >>",
		tree, metadata)
	return f.end(root, info)
}
