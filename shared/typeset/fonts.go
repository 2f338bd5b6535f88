package typeset

import (
	"bytes"
	"compress/gzip"
	"embed"
	"io"
	"sync"

	"github.com/go-fonts/dejavu/dejavusanscondensed"
	"github.com/go-fonts/dejavu/dejavusanscondensedbold"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
)

//go:embed fonts/*.ttf.gz
var compressed embed.FS

// Typeface is a font file. Its loader and its font are read only, and shared by all pages.
type Typeface struct {
	name string
	font *font.Font
	ttf  []byte
}

// The first font is for most texts, in regular and bold; the others are for the scripts that it has not, in this order.
var (
	Regular = sync.OnceValue(func() *Typeface { return load("DejaVuSansCondensed", dejavusanscondensed.TTF) })
	Bold    = sync.OnceValue(func() *Typeface { return load("DejaVuSansCondensed-Bold", dejavusanscondensedbold.TTF) })
	others  = sync.OnceValue(func() (all []*Typeface) {
		for _, name := range []string{"NotoSansThai-Regular", "NotoSansDevanagari-Regular", "NotoSansBengali-Regular",
			"NotoSansTamil-Regular", "DroidSansFallbackFull", "NanumGothicCoding"} {
			all = append(all, load(name, unpack("fonts/"+name+".ttf.gz")))
		}
		return all
	})
)

// load panics if the file is broken: it is part of the program, and a test draws with each.
func load(name string, ttf []byte) *Typeface {
	face, err := font.ParseTTF(bytes.NewReader(ttf))
	if err != nil {
		panic("typeset: " + name + ": " + err.Error())
	}
	return &Typeface{name: name, font: face.Font, ttf: ttf}
}

func unpack(path string) []byte {
	packed, err := compressed.Open(path)
	if err != nil {
		panic(err)
	}
	defer packed.Close()
	unzip, err := gzip.NewReader(packed)
	if err != nil {
		panic(err)
	}
	content, err := io.ReadAll(unzip)
	if err != nil {
		panic(err)
	}
	return content
}

// used is a Typeface in one file, with the glyphs drawn so far.
type used struct {
	*Typeface
	face   *font.Face // not shared: it caches
	glyphs map[font.GID]glyph
}

// glyph is what a drawn glyph stands for, where that is always the same, and how wide it is.
type glyph struct {
	text  string
	width float64 // thousandths of the font size
}

func use(t *Typeface) *used {
	return &used{Typeface: t, face: font.NewFace(t.font), glyphs: map[font.GID]glyph{}}
}

// width is how far the font moves after a glyph, in thousandths of the size.
func (u *used) width(g font.GID) float64 {
	return float64(u.face.HorizontalAdvance(g)) * 1000 / float64(u.face.Upem())
}

// table is one of the font file's tables; empty if it has none.
func (u *used) table(loader *opentype.Loader, tag string) []byte {
	content, err := loader.RawTable(opentype.MustNewTag(tag))
	if err != nil {
		return nil
	}
	return content
}
