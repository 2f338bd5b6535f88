package typeset

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
)

// file writes the objects of a PDF, by ISO 32000-1, in the order in which they are added.
type file struct {
	bytes.Buffer
	offsets []int
}

func newFile() *file {
	f := &file{}
	f.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	return f
}

// reserve gives out the number of an object that is added later.
func (f *file) reserve() int { f.offsets = append(f.offsets, 0); return len(f.offsets) }

func (f *file) put(n int, format string, args ...any) {
	f.offsets[n-1] = f.Len()
	fmt.Fprintf(f, "%d 0 obj\n", n)
	fmt.Fprintf(f, format, args...)
	f.WriteString("\nendobj\n")
}

func (f *file) add(format string, args ...any) int {
	n := f.reserve()
	f.put(n, format, args...)
	return n
}

// stream adds a compressed stream; entries are those of its dictionary beside length and filter.
func (f *file) stream(content []byte, entries string) int {
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	_, _ = w.Write(content) // a Buffer does not fail
	_ = w.Close()
	return f.add("<< /Length %d /Filter /FlateDecode %s>>\nstream\n%s\nendstream", packed.Len(), entries, packed.Bytes())
}

// end writes the table of objects and returns the file.
func (f *file) end(root, info int) []byte {
	id := fmt.Sprintf("%x", sha256.Sum256(f.Bytes()))[:32]
	at := f.Len()
	fmt.Fprintf(f, "xref\n0 %d\n0000000000 65535 f \n", len(f.offsets)+1)
	for _, offset := range f.offsets {
		fmt.Fprintf(f, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(f, "trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R /ID [<%s> <%s>] >>\nstartxref\n%d\n%%%%EOF\n",
		len(f.offsets)+1, root, info, id, id, at)
	return f.Bytes()
}

// font adds a font with the glyphs that were drawn.
func (f *file) font(u *used) int {
	loader, err := opentype.NewLoader(bytes.NewReader(u.ttf))
	if err != nil {
		panic("typeset: " + u.name + ": " + err.Error()) // it was read before
	}
	head, hhea := u.table(loader, "head"), u.table(loader, "hhea")
	scaled := func(table []byte, at int) int {
		return int(int16(binary.BigEndian.Uint16(table[at:]))) * 1000 / int(u.face.Upem())
	}
	program := u.subset()
	name := tag(program) + "+" + u.name
	data := f.stream(program, fmt.Sprintf("/Length1 %d ", len(program)))
	descriptor := f.add("<< /Type /FontDescriptor /FontName /%s /Flags 4 /FontBBox [%d %d %d %d] /ItalicAngle 0 /Ascent %d "+
		"/Descent %d "+
		"/CapHeight %d /StemV 80 /FontFile2 %d 0 R >>", name, scaled(head, 36), scaled(head, 38), scaled(head, 40), scaled(head, 42),
		scaled(hhea, 4), scaled(hhea, 6), scaled(hhea, 4), data)
	var widths, texts strings.Builder
	for _, g := range slices.Sorted(maps.Keys(u.glyphs)) {
		fmt.Fprintf(&widths, "%d [%s] ", g, number(u.glyphs[g].width))
	}
	cid := f.add("<< /Type /Font /Subtype /CIDFontType2 /BaseFont /%s /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) "+
		"/Supplement 0 >> /FontDescriptor %d 0 R /W [%s] /CIDToGIDMap /Identity >>", name, descriptor, widths.String())
	mapped := slices.DeleteFunc(slices.Sorted(maps.Keys(u.glyphs)), func(g font.GID) bool { return u.glyphs[g].text == "" })
	for some := range slices.Chunk(mapped, 100) { // as many as a block may have
		fmt.Fprintf(&texts, "%d beginbfchar\n", len(some))
		for _, g := range some {
			fmt.Fprintf(&texts, "<%04X> <%s>\n", g, utf16be(u.glyphs[g].text))
		}
		texts.WriteString("endbfchar\n")
	}
	unicode := f.stream([]byte("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo << /Registry "+
		"(Adobe) "+
		"/Ordering (UCS) /Supplement 0 >> def\n/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n"+
		"<0000> <FFFF>\nendcodespacerange\n"+texts.String()+"endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"), "")
	return f.add("<< /Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H /DescendantFonts [%d 0 R] /ToUnicode %d 0 R >>",
		name, cid, unicode)
}

// tag is the prefix that a subset's name must have: six letters.
func tag(program []byte) string {
	sum := sha256.Sum256(program)
	letters := make([]byte, 6)
	for i := range letters {
		letters[i] = 'A' + sum[i]%26
	}
	return string(letters)
}

// properties adds what the file says of itself in the two ways there are: to old readers, and as XMP.
func (f *file) properties(p Properties) (info, metadata int) {
	text := func(s string) string { return "<FEFF" + utf16be(s) + ">" }
	info = f.add("<< /Title %s /Author %s /Subject %s /Creator (Orderflow) /Producer (Orderflow) /CreationDate %s /ModDate %s >>",
		text(p.Title), text(p.Author), text(p.Subject), p.At.Format("(D:20060102150405+00'00')"),
		p.At.Format("(D:20060102150405+00'00')"))
	escaped := func(s string) string {
		var b strings.Builder
		_ = xml.EscapeText(&b, []byte(s)) // a Builder does not fail
		return b.String()
	}
	xmp := fmt.Sprintf(`<?xpacket begin="`+"\ufeff"+`" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>%s</rdf:li></rdf:Seq></dc:creator>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></dc:description>
<dc:language><rdf:Bag><rdf:li>en</rdf:li></rdf:Bag></dc:language>
<xmp:CreateDate>%s</xmp:CreateDate><xmp:ModifyDate>%s</xmp:ModifyDate><xmp:CreatorTool>Orderflow</xmp:CreatorTool>
<pdf:Producer>Orderflow</pdf:Producer>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>`, escaped(p.Title), escaped(p.Author), escaped(p.Subject),
		p.At.Format(time.RFC3339), p.At.Format(time.RFC3339))
	// Not compressed, so that tools find it that do not read PDF.
	return info, f.add("<< /Type /Metadata /Subtype /XML /Length %d >>\nstream\n%s\nendstream", len(xmp), xmp)
}
