package picture

import (
	"fmt"
	"image/color"

	"git.sr.ht/~sbinet/gg"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
)

var (
	page   = hex(0x111217)
	board  = hex(0x1b1e24)
	grid   = hex(0x2c3038)
	faint  = hex(0x8e939b)
	bright = hex(0xd8dade)

	// palette are the colours of lines, in order.
	palette = []color.RGBA{hex(0x73bf69), hex(0xf2cc0c), hex(0x8ab8ff), hex(0xff780a), hex(0xf2495c), hex(0x5794f2), hex(0xb877d9),
		hex(0x37a2a2), hex(0xfade2a), hex(0xc4162a), hex(0x96d98d), hex(0xffb357), hex(0xa352cc), hex(0x3274d9), hex(0xe0b400),
		hex(0x56a64b)}
	named = map[string]color.RGBA{"green": hex(0x73bf69), "yellow": hex(0xf2cc0c), "red": hex(0xf2495c)}
)

func hex(rgb uint32) color.RGBA {
	return color.RGBA{uint8(rgb >> 16), uint8(rgb >> 8), uint8(rgb), 255}
}

func veiled(c color.RGBA, share float64) color.NRGBA {
	return color.NRGBA{c.R, c.G, c.B, uint8(255 * share)}
}

var regular, bold = parsed(goregular.TTF), parsed(gobold.TTF)

func parsed(ttf []byte) *opentype.Font {
	f, err := opentype.Parse(ttf)
	if err != nil {
		panic(fmt.Sprintf("picture: %v", err))
	}
	return f
}

type canvas struct{ *gg.Context }

type box struct{ x, y, w, h float64 }

func (c *canvas) fill(x, y, w, h float64, with color.Color) {
	c.SetColor(with)
	c.DrawRectangle(x, y, w, h)
	c.Fill()
}

func (c *canvas) font(f *opentype.Font, size float64) {
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		panic(fmt.Sprintf("picture: %v", err))
	}
	c.SetFontFace(face)
}

func (c *canvas) text(s string, x, y, size float64, f *opentype.Font, with color.Color) {
	c.font(f, size)
	c.SetColor(with)
	c.DrawString(s, x, y)
}

func (c *canvas) right(s string, x, y, size float64, with color.Color) {
	c.font(regular, size)
	w, _ := c.MeasureString(s)
	c.SetColor(with)
	c.DrawString(s, x-w, y)
}

func (c *canvas) middle(s string, in box, size float64, with color.Color) {
	c.font(bold, size)
	c.SetColor(with)
	c.DrawStringAnchored(s, in.x+in.w/2, in.y+in.h/2, .5, .35)
}

// fit shortens a text to a width.
func (c *canvas) fit(s string, width, size float64) string {
	c.font(bold, size)
	for r := []rune(s); len(r) > 1; r = r[:len(r)-1] {
		short := string(r)
		if len(r) < len([]rune(s)) {
			short += "…"
		}
		if w, _ := c.MeasureString(short); w <= width {
			return short
		}
	}
	return s
}

func (c *canvas) stroke(x1, y1, x2, y2 float64, with color.Color, dashes ...float64) {
	c.SetColor(with)
	c.SetLineWidth(1)
	c.SetDash(dashes...)
	c.DrawLine(x1, y1, x2, y2)
	c.Stroke()
	c.SetDash()
}
