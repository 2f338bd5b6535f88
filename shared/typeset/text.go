package typeset

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/bidi"
)

// typesetter shapes texts with the fonts of one file.
type typesetter struct {
	fonts   map[*Typeface]*used
	order   []*used // in the order of their first use: their names in the file
	segment shaping.Segmenter
	shape   shaping.HarfbuzzShaper
	wrap    shaping.LineWrapper
}

// em is the size at which texts are shaped: all lengths are then thousandths of the font size, in the fixed point of shaping.
const em = 1000

// line is a line of shaped text.
type line struct {
	text  []rune // of the whole paragraph
	runs  []shaping.Output
	width float64 // thousandths of the font size
}

// fallback chooses the first font that has a character.
type fallback struct {
	*typesetter
	first *Typeface
}

func (f fallback) ResolveFace(r rune) *font.Face {
	first := f.of(f.first)
	if _, has := first.face.NominalGlyph(r); has {
		return first.face
	}
	for _, t := range others() {
		if _, has := t.font.NominalGlyph(r); has {
			return f.of(t).face
		}
	}
	return first.face
}

func (s *typesetter) of(t *Typeface) *used {
	if s.fonts[t] == nil {
		s.fonts[t] = use(t)
	}
	return s.fonts[t]
}

// lines breaks a paragraph into lines of at most that width, in thousandths of the font size.
func (s *typesetter) lines(text string, t *Typeface, width float64) (all []line) {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) == 0 {
		return nil
	}
	way := direction(runes)
	inputs := s.segment.Split(shaping.Input{Text: runes, RunEnd: len(runes), Direction: way, Size: fixed.I(em),
		Language: language.NewLanguage("en")}, fallback{s, t})
	shaped := make([]shaping.Output, len(inputs))
	for i, in := range inputs {
		shaped[i] = s.shape.Shape(in)
	}
	wrapped, _ := s.wrap.WrapParagraphF(shaping.WrapConfig{Direction: way, DisableTrailingWhitespaceTrim: true},
		fixed.Int26_6(width*64), runes,
		shaping.NewSliceIterator(shaped))
	for _, runs := range wrapped {
		l := line{text: runes}
		for _, r := range runs {
			r.Glyphs = slices.Clone(r.Glyphs)
			l.runs = append(l.runs, r)
			l.width += float64(r.Advance) / 64
		}
		slices.SortStableFunc(l.runs, func(a, b shaping.Output) int { return int(a.VisualIndex - b.VisualIndex) })
		all = append(all, l)
	}
	return all
}

// direction is the way in which a paragraph is read: that of its first letter.
func direction(text []rune) di.Direction {
	for _, r := range text {
		switch properties, _ := bidi.LookupRune(r); properties.Class() {
		case bidi.L:
			return di.DirectionLTR
		case bidi.R, bidi.AL:
			return di.DirectionRTL
		}
	}
	return di.DirectionLTR
}

// draw writes a line as the operators of a page, its left end there, in points.
func (s *typesetter) draw(out *strings.Builder, l line, x, y, size float64) {
	for _, r := range l.runs {
		u := s.owner(r.Face)
		fmt.Fprintf(out, "BT /F%d %s Tf %s %s Td\n", slices.Index(s.order, u)+1, number(size), number(x), number(y))
		for from := 0; from < len(r.Glyphs); {
			to := from + 1
			for to < len(r.Glyphs) && r.Glyphs[to].TextIndex() == r.Glyphs[from].TextIndex() {
				to++
			}
			at := r.Glyphs[from].TextIndex()
			u.cluster(out, r.Glyphs[from:to], string(l.text[at:at+r.Glyphs[from].RunesCount()]), size)
			from = to
		}
		out.WriteString("ET\n")
		x += float64(r.Advance) / 64 / em * size
	}
}

// owner is the font of a face, which now is part of the file.
func (s *typesetter) owner(face *font.Face) *used {
	for _, u := range s.fonts {
		if u.face == face {
			if !slices.Contains(s.order, u) {
				s.order = append(s.order, u)
			}
			return u
		}
	}
	panic("typeset: a text is shaped with a font of another file") // cannot happen
}

// cluster draws the glyphs that stand for a piece of text. Where one glyph does not always stand for the same, the piece says
// which text it is, so that it is found and copied.
func (u *used) cluster(out *strings.Builder, glyphs []shaping.Glyph, text string, size float64) {
	plain := len(glyphs) == 1 && glyphs[0].GlyphID != 0
	if plain {
		known, drawn := u.glyphs[glyphs[0].GlyphID]
		plain = !drawn || known.text == text
	}
	if !plain {
		fmt.Fprintf(out, "/Span << /ActualText <FEFF%s> >> BDC ", utf16be(text))
	}
	for _, g := range glyphs {
		if _, drawn := u.glyphs[g.GlyphID]; !drawn {
			known := glyph{width: u.width(g.GlyphID)}
			if plain {
				known.text = text
			}
			u.glyphs[g.GlyphID] = known
		}
		if g.YOffset != 0 {
			fmt.Fprintf(out, "%s Ts ", number(float64(g.YOffset)/64/em*size))
		}
		shift := float64(g.XOffset) / 64
		rest := u.width(g.GlyphID) + shift - float64(g.Advance)/64
		fmt.Fprintf(out, "[%s <%04X> %s] TJ\n", number(-shift), g.GlyphID, number(rest))
		if g.YOffset != 0 {
			out.WriteString("0 Ts ")
		}
	}
	if !plain {
		out.WriteString("EMC\n")
	}
}

func utf16be(text string) string {
	var hex strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		fmt.Fprintf(&hex, "%04X", unit)
	}
	return hex.String()
}

// number writes a length with up to three decimals.
func number(n float64) string {
	text := strings.TrimRight(fmt.Sprintf("%.3f", n), "0")
	if text = strings.TrimSuffix(text, "."); text == "-0" {
		return "0"
	}
	return text
}
