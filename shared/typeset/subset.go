package typeset

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
)

// subset is the TrueType file with only the glyphs that were drawn. They keep their numbers, so that the page needs no other
// map; what lies between them is empty.
func (u *used) subset() []byte {
	loader, err := opentype.NewLoader(bytes.NewReader(u.ttf))
	if err != nil {
		panic("typeset: " + u.name + ": " + err.Error()) // it was read before
	}
	head, hhea, maxp := u.table(loader, "head"), u.table(loader, "hhea"), u.table(loader, "maxp")
	offsets := offsetsOf(u.table(loader, "loca"), binary.BigEndian.Uint16(head[50:]) == 1)
	all := u.table(loader, "glyf")
	keep := map[font.GID]bool{}
	for g := range u.glyphs {
		keepWithParts(keep, g, all, offsets)
	}
	keep[0] = true
	last := slices.Max(slices.Collect(maps.Keys(keep)))
	var glyf []byte
	loca := make([]byte, 4*(int(last)+2))
	for g := font.GID(0); g <= last; g++ {
		if keep[g] {
			glyf = append(glyf, all[offsets[g]:offsets[g+1]]...)
			glyf = append(glyf, make([]byte, -len(glyf)&3)...)
		}
		binary.BigEndian.PutUint32(loca[4*(g+1):], uint32(len(glyf)))
	}
	head, hhea, maxp = bytes.Clone(head), bytes.Clone(hhea), bytes.Clone(maxp)
	binary.BigEndian.PutUint16(head[50:], 1) // long offsets
	binary.BigEndian.PutUint16(maxp[4:], uint16(last)+1)
	hmtx, measured := u.table(loader, "hmtx"), int(binary.BigEndian.Uint16(hhea[34:]))
	if n := int(last) + 1; n <= measured {
		hmtx = hmtx[:4*n]
		binary.BigEndian.PutUint16(hhea[34:], uint16(n))
	} else {
		hmtx = hmtx[:4*measured+2*(n-measured)]
	}
	var tables []opentype.Table
	for _, t := range []struct { // by tag, as WriteTTF wants them
		tag     string
		content []byte
	}{
		{"cvt ", u.table(loader, "cvt ")}, {"fpgm", u.table(loader, "fpgm")}, {"glyf", glyf}, {"head", head}, {"hhea", hhea},
		{"hmtx", hmtx}, {"loca", loca}, {"maxp", maxp}, {"prep", u.table(loader, "prep")},
	} {
		if len(t.content) > 0 {
			tables = append(tables, opentype.Table{Tag: opentype.MustNewTag(t.tag), Content: t.content})
		}
	}
	return opentype.WriteTTF(tables)
}

// offsetsOf reads where each glyph begins, and after the last one where it ends.
func offsetsOf(loca []byte, long bool) (all []int) {
	if long {
		for ; len(loca) >= 4; loca = loca[4:] {
			all = append(all, int(binary.BigEndian.Uint32(loca)))
		}
		return all
	}
	for ; len(loca) >= 2; loca = loca[2:] {
		all = append(all, 2*int(binary.BigEndian.Uint16(loca)))
	}
	return all
}

// The flags of a part of a composite glyph, by the OpenType specification of glyf.
const (
	argumentsAreWords = 1 << 0
	hasScale          = 1 << 3
	moreParts         = 1 << 5
	hasTwoScales      = 1 << 6
	hasMatrix         = 1 << 7
)

// keepWithParts keeps a glyph and those that it is made of.
func keepWithParts(keep map[font.GID]bool, g font.GID, glyf []byte, offsets []int) {
	if keep[g] || int(g)+1 >= len(offsets) {
		return
	}
	keep[g] = true
	outline := glyf[offsets[g]:offsets[g+1]]
	if len(outline) < 10 || int16(binary.BigEndian.Uint16(outline)) >= 0 {
		return
	}
	for at, more := 10, true; more; {
		flags := binary.BigEndian.Uint16(outline[at:])
		keepWithParts(keep, font.GID(binary.BigEndian.Uint16(outline[at+2:])), glyf, offsets)
		at, more = at+6, flags&moreParts != 0
		if flags&argumentsAreWords != 0 {
			at += 2
		}
		switch {
		case flags&hasScale != 0:
			at += 2
		case flags&hasTwoScales != 0:
			at += 4
		case flags&hasMatrix != 0:
			at += 8
		}
	}
}
