package typeset

import (
	"testing"
	"unicode"

	"orderflow.example/shared/typeset/typesettest"
)

// drawn tells whether a font has an outline for the character. What is copied out of a page does not tell: that is the character
// itself, also where a box is drawn.
func drawn(s *typesetter, r rune) bool {
	for _, first := range []*Typeface{Regular(), Bold()} {
		face := fallback{s, first}.ResolveFace(r)
		g, has := face.NominalGlyph(r)
		if !has || g == 0 {
			return false
		}
		if size, has := face.GlyphExtents(g); unicode.IsLetter(r) && (!has || size.Width == 0 || size.Height == 0) {
			return false
		}
	}
	return true
}

func TestEachCharacterOfTheScriptsHasAnOutline(t *testing.T) {
	t.Parallel()
	s := &typesetter{fonts: map[*Typeface]*used{}}
	for script, of := range typesettest.Scripts {
		for _, text := range append([]string{of.Name, of.Line1, of.City}, of.Goods...) {
			for _, r := range text {
				if !unicode.IsSpace(r) && !drawn(s, r) {
					t.Errorf("%s: there is no %c", script, r)
				}
			}
		}
	}
	for name, ranges := range map[string][2]rune{"Hangul": {0xac00, 0xd7a3}, "Kana": {0x3041, 0x3094}, "Han": {0x4e00, 0x9fa5}} {
		missing := 0
		for r := ranges[0]; r <= ranges[1]; r++ {
			if !drawn(s, r) {
				missing++
			}
		}
		if missing > 0 {
			t.Errorf("%s: %d characters are missing", name, missing)
		}
	}
}
