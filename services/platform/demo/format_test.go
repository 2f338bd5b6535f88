package demo

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// opened returns the plan of a file that begins with the header, and its error.
func opened(file string) (*Plan, error) {
	return NewPlan(strings.NewReader(file), "test", 0, Undecided)
}

// shows returns the orders of a plan, as "invoice product×quantity… day".
func (p *Plan) shows() (all []string) {
	for _, o := range p.orders {
		text := o.key
		for _, l := range o.lines {
			text += fmt.Sprintf(" %s×%d", p.products[l.sku].sku, l.quantity)
		}
		all = append(all, text+" "+o.at.Format(time.DateOnly))
	}
	return all
}

func TestALineInsideAQuotedFieldIsNoRow(t *testing.T) {
	t.Parallel()
	const (
		inner = "F80009,F8D,X,7,2010-12-01 08:26:00,9.99,66666,United Kingdom"
		rest  = ",6,2010-12-01 08:26:00,2.55,17850,France"
	)
	for name, c := range map[string]struct {
		text         string
		orders, read int
		malformed    []int
	}{
		"a description of three lines": {"1,MUG,\"a note:\n" + inner + "\nend\"" + rest, 2, 2, nil},
		"the same with CRLF":           {"1,MUG,\"a note:\r\n" + inner + "\r\nend\"" + rest + "\r\n", 2, 2, nil},
		"a last column of two lines":   {"1,MUG,a note,6,2010-12-01 08:26:00,2.55,17850,\"United\nKingdom\"\n", 2, 2, nil},
		"one with a column too few":    {"1,MUG,\"a note:\n" + inner + "\nend\",6,2.55,17850,United Kingdom\n", 1, 2, []int{3}},
		"one that goes on after it":    {"1,MUG,\"a note:\n" + inner + "\nend\"x" + rest, 1, 2, []int{3}},
		"a long one":                   {"1,MUG,\"" + strings.Repeat(inner+"\n", 2000) + "\"" + rest, 1, 2, []int{3}},
		"a quote that is never ended":  {"1,MUG,\"a note" + rest + "\n" + inner + "\n", 2, 3, []int{3}},
		"and one met in a later row":   {"1,MUG,\"a note" + rest + "\n" + inner + "\n2,BAG,\"A, b\"" + rest, 3, 4, []int{3}},
		"and one met in another fault": {"1,MUG,\"a note" + rest + "\n" + inner + "\n2,BAG,\"A\"b" + rest, 2, 4, []int{3, 5}},
		"the lines behind it count on": {"1,MUG,\"a\nb\"" + rest + "\n1,2\n", 2, 3, []int{5}},
	} {
		p, err := opened(header + "536365,MUG,HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n" + c.text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var lines []int
		for _, m := range p.account.malformed {
			lines = append(lines, m.Line)
		}
		if len(p.orders) != c.orders || p.account.read != c.read || !slices.Equal(lines, c.malformed) {
			t.Errorf("%s: orders %v, %d rows, malformed %+v", name, p.shows(), p.account.read, p.account.malformed)
		}
		ordered := slices.ContainsFunc(p.orders, func(o *order) bool { return o.key == "F80009" })
		if ordered && c.malformed == nil {
			t.Errorf("%s: the text of a field was ordered", name)
		}
	}
}

func TestWhatAWriterOfTheStandardWritesIsReadAsItWas(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	alphabet := []rune("ab \",;\n\t'é|=")
	for range 2000 {
		comma := separators[random.IntN(len(separators))]
		var want [][]string
		for range 1 + random.IntN(5) {
			record := make([]string, 2+random.IntN(3))
			for i := range record {
				for range random.IntN(6) {
					record[i] += string(alphabet[random.IntN(len(alphabet))])
				}
			}
			record[0] = "x" + record[0] // a blank line is no row
			want = append(want, record)
		}
		var file bytes.Buffer
		w := csv.NewWriter(&file)
		w.Comma, w.UseCRLF = comma, random.IntN(2) == 0
		if err := w.WriteAll(want); err != nil {
			t.Fatal(err)
		}
		r, text := newRecords(file.Bytes(), comma, 1), file.String()
		for _, record := range want {
			got, fault, err := r.read()
			if fault != nil || err != nil || !slices.Equal(got, record) {
				t.Fatalf("%q: %q, want %q (%v, %v)", text, got, record, fault, err)
			}
		}
		if _, _, err := r.read(); err != io.EOF {
			t.Fatalf("%q: more than there is: %v", text, err)
		}
	}
}

func TestAnyBytesAreReadToTheirEnd(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	alphabet := []byte("a,\"\n\r;\xff\x00 ")
	for range 20_000 {
		data := make([]byte, random.IntN(40))
		for i := range data {
			data[i] = alphabet[random.IntN(len(alphabet))]
		}
		r := newRecords(data, ',', 1)
		r.width = 2
		for n, before := 0, 0; ; n++ {
			_, _, err := r.read()
			if err == io.EOF {
				break
			}
			if err != nil || n > len(data) || r.line < 1+before || r.line > 1+bytes.Count(data, []byte{'\n'}) {
				t.Fatalf("%q: record %d on line %d: %v", data, n, r.line, err)
			}
			before = r.line - 1
		}
	}
}

func TestDayAndMonthHaveOneOrderInTheWholeFile(t *testing.T) {
	t.Parallel()
	row := func(invoice, date string) string {
		return invoice + ",MUG,A mug,1," + date + ",2.55,7,France\n"
	}
	none := []string(nil)
	first := "1 MUG×1 2010-11-30"
	both := []string{first, "2 MUG×1 2010-12-01"}
	for name, c := range map[string]struct {
		rows, asked string
		want        []string
		format, err string
	}{
		"day first":      {row("1", "30/11/2010") + row("2", "01/12/2010"), "", both, "day first", ""},
		"decided last":   {row("2", "01/12/2010 08:26") + row("1", "30/11/2010 9:00"), "", both, "day first", ""},
		"month first":    {row("1", "11/30/2010 8:26") + row("2", "12/1/2010 8:26"), "", both, "month first", ""},
		"points between": {row("1", "30.11.2010 08:26") + row("2", "01.12.2010"), "", both, "day first", ""},
		"decided by a row that is refused": {row("2", "01/12/2010") + "3,POST,P,1,30/12/2010,2.55,7,France\n", "", both[1:],
			"day first", ""},
		"nothing to decide": {row("1", "11/11/2010") + row("2", "2010-12-01 08:26:00"), "",
			[]string{"1 MUG×1 2010-11-11", both[1]}, "year first", ""},
		"unclear only in rows that are refused": {"3,POST,P,1,01/12/2010,2.55,7,France\n" + row("2", "2010-12-01"), "", both[1:],
			"year first", ""},
		"half past noon": {row("1", "11/30/2010 12:30 PM"), "", both[:1], "month first", ""},
		"nobody knows": {row("1", "01/12/2010") + row("2", "02/12/2010"), "", none, "",
			"line 2 can be day or month first, and no row of the file decides it; give the order with --dates dmy or --dates mdy"},
		"both": {row("1", "30/11/2010") + row("2", "01/12/2010") + row("3", "12/31/2010"), "", none, "",
			"line 2 has the day first, that on line 4 the month first; give the right one with --dates dmy"},
		"said: day first":                   {row("2", "01/12/2010"), "dmy", both[1:], "day first", ""},
		"said: month first":                 {row("2", "12/01/2010"), "mdy", both[1:], "month first", ""},
		"said, and one row is of the other": {row("1", "30/11/2010") + row("2", "11/30/2010"), "dmy", both[:1], "day first", ""},
		"no such day":                       {row("1", "30/11/2010") + row("2", "31/11/2010"), "", both[:1], "day first", ""},
	} {
		p, err := NewPlan(strings.NewReader(header+c.rows), "test", 0, DateOrder(c.asked))
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v", name, err)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case !slices.Equal(p.shows(), c.want) || !strings.HasPrefix(p.format.Dates, c.format):
			t.Errorf("%s: %v, dates %s", name, p.shows(), p.format.Dates)
		}
	}
}

func TestTheSeparatorIsFoundForTheWholeFile(t *testing.T) {
	t.Parallel()
	with := func(separator, text string) string { return strings.ReplaceAll(text, "~", separator) }
	file := "InvoiceNo~StockCode~Description~Quantity~InvoiceDate~UnitPrice~CustomerID~Country\n" +
		"1~MUG~A mug~3~2010-12-01 08:26~2.55~7~France\n"
	for name, c := range map[string]struct{ file, want string }{
		"comma": {with(",", file), "comma"}, "semicolon": {with(";", file), "semicolon"},
		"tab": {with("\t", file), "tab"}, "bar": {with("|", file), "'|'"},
		"said, semicolon":    {"sep=;\n" + with(";", file), "semicolon"},
		"said, quoted, CRLF": {"\"SEP=;\"\r\n" + with(";", file), "semicolon"},
		"said, tab":          {"sep=\t\n" + with("\t", file), "tab"},
		"said, another":      {"sep=^\n" + with("^", file), "'^'"},
		"BOM and said":       {"\ufeffsep=;\n" + with(";", file), "semicolon"},
		"quoted":             {with(";", strings.ReplaceAll(file, "A mug", `"A; ""mug""`+"\n\"")), "semicolon"},
		"blank lines":        {"\n\n" + with(";", file), "semicolon"},
		"old Mac":            {strings.ReplaceAll(with(";", file), "\n", "\r"), "semicolon"},
	} {
		p, err := opened(c.file)
		if err != nil || p.format.Separator != c.want || len(p.orders) != 1 || p.orders[0].lines[0].quantity != 3 {
			t.Errorf("%s: %v %+v", name, err, p)
		}
	}
	if _, err := opened(strings.ReplaceAll(file, "~", "#")); err == nil ||
		!strings.Contains(err.Error(), "comma between the fields") {
		t.Errorf("another separator: %v", err)
	}
	if _, err := opened("sep=\n" + with(",", file)); err == nil || !strings.Contains(err.Error(), "names no separator") {
		t.Errorf("sep= of nothing: %v", err)
	}
	twice := with(",", strings.ReplaceAll(file, "CustomerID", "CustomerID~Stock Code"))
	if _, err := opened(twice); err == nil || !strings.Contains(err.Error(), "stockcode appears twice") {
		t.Errorf("a column twice: %v", err)
	}
}

func TestTheEncodingIsFoundForTheWholeFile(t *testing.T) {
	t.Parallel()
	file := header + "1,MUG,Café,3,2010-12-01 08:26,2.55,7,France\n2,BAG,“£20” – été,3,2010-12-01 08:26,2.55,7,France\n"
	as := func(text string, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	utf16 := func(order unicode.Endianness, bom unicode.BOMPolicy) string {
		return as(unicode.UTF16(order, bom).NewEncoder().String(file))
	}
	for name, c := range map[string]struct{ file, want string }{
		"UTF-8": {file, "UTF-8"}, "UTF-8, marked": {"\ufeff" + file, "UTF-8 with a byte order mark"},
		"UTF-16 LE":             {utf16(unicode.LittleEndian, unicode.UseBOM), "UTF-16, little endian"},
		"UTF-16 BE":             {utf16(unicode.BigEndian, unicode.UseBOM), "UTF-16, big endian"},
		"UTF-16 LE, not marked": {utf16(unicode.LittleEndian, unicode.IgnoreBOM), "UTF-16, little endian"},
		"UTF-16 BE, not marked": {utf16(unicode.BigEndian, unicode.IgnoreBOM), "UTF-16, big endian"},
		"Windows-1252":          {as(charmap.Windows1252.NewEncoder().String(file)), "Windows-1252"},
	} {
		p, err := opened(c.file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.format.Encoding != c.want || p.products[0].description != "Café" || p.products[1].description != "“£20” – été" {
			t.Errorf("%s: read as %s, %+v", name, p.format.Encoding, p.products)
		}
	}
	for name, bad := range map[string]string{
		"Latin-1 in UTF-8": "3,CUP,Caf\xe9,3,2010-12-01 08:26,2.55,7,France\n",
		"NUL":              "3,CUP,Ca\x00fe,3,2010-12-01 08:26,2.55,7,France\n",
	} {
		p, err := opened(file + bad)
		if err != nil || len(p.orders) != 2 || p.products[0].description != "Café" {
			t.Errorf("%s: %v %+v", name, err, p)
		} else if bad := p.account.malformed; len(bad) != 1 || bad[0].Line != 4 {
			t.Errorf("%s: malformed %+v", name, bad)
		}
	}
}

func TestPricesHaveOneDecimalMarkInTheWholeFile(t *testing.T) {
	t.Parallel()
	file := func(prices ...string) string {
		text := strings.ReplaceAll(header, ",", ";")
		for i, price := range prices {
			text += fmt.Sprintf("%d;MUG%d;A mug;1;2010-12-01 08:26;%s;7;France\n", i, i, price)
		}
		return text
	}
	for name, c := range map[string]struct {
		prices  []string
		want    []int64
		mark    string
		refused int
	}{
		"points":                {[]string{"2.55", "3"}, []int64{255, 300}, ".", 0},
		"commas":                {[]string{"2,55", "3", "0,5"}, []int64{255, 300, 50}, ",", 0},
		"a comma among points":  {[]string{"2.55", "3.10", "1,5"}, []int64{255, 310}, ".", 1},
		"a point among commas":  {[]string{"2,55", "3,10", "1.5"}, []int64{255, 310}, ",", 1},
		"thousands":             {[]string{"1,234", "2.55"}, []int64{255}, ".", 1},
		"thousands with points": {[]string{"1.234,50", "2,55", "3"}, []int64{255, 300}, ",", 1},
	} {
		p, err := opened(file(c.prices...))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []int64
		for _, one := range p.products {
			got = append(got, one.price)
		}
		if !slices.Equal(got, c.want) || p.format.Decimal != c.mark || len(p.account.malformed) != c.refused {
			t.Errorf("%s: %v, %q, malformed %+v", name, got, p.format.Decimal, p.account.malformed)
		}
	}
}
