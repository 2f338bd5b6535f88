package demo

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ulikunitz/xz"
)

const header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

// read returns the plan of these lines, with a good row before them, and the ends of the rows.
func read(t *testing.T, lines ...string) *Plan {
	t.Helper()
	p, err := NewPlan(strings.NewReader(header+"536365,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n"+
		strings.Join(lines, "\n")), "test", 0, Undecided)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEveryKindOfDirtEndsWithItsReason(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"536366,85123A,HOLDER,-6,2010-12-01 08:26:00,0.0,17850.0,United Kingdom":  "negative quantity outside a cancellation",
		"C536366,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom": "positive quantity in a cancellation",
		"536365,22423,STAND,6,2010-12-01 08:26:00,2.55,99999.0,United Kingdom":    "another customer than the invoice",

		"536366,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,,France":                                   "",
		"536366,85123A,,6,2010-12-01 08:26:00,2.55,17850,EIRE":                                      "",
		`536366,85123A,"12"" RULER, long",6,12/13/2010 8:26,2.55,17850.0,Channel Islands`:           "",
		`536366,85123A,12" RULER,6,2010-12-01 08:26,2.55,17850.0,  united   KINGDOM `:               "",
		"536366,DCGSSGIRL,GIRLS PARTY BAG,6,2010-12-01 08:26:00,2.55,17850.0,USA":                   "",
		"536366,post,POSTAGE,6,2010-12-01 08:26:00,2.55,17850.0,France":                             "not goods",
		"536366,gift_0001_20,Voucher,6,2010-12-01 08:26:00,2.55,17850.0,France":                     "not goods",
		"A563185,B,Adjust bad debt,1,2011-08-12 14:50:00,-11062.06,,United Kingdom":                 "not goods",
		"C536366,D,Discount,-1,2010-12-01 08:26:00,27.50,17850.0,United Kingdom":                    "not goods",
		"536366,85123A,HOLDER,0,2010-12-01 08:26:00,2.55,17850.0,United Kingdom":                    "quantity of 0",
		"536366,85123A,HOLDER,6,2010-12-01 08:26:00,0,17850.0,United Kingdom":                       "no price",
		"536366,85123A,HOLDER,6,2010-12-01 08:26:00,0.004,17850.0,United Kingdom":                   "no price",
		"536366,85123A,HOLDER,6,2010-12-01 08:26:00,-1.00,17850.0,United Kingdom":                   "no price",
		"536366,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,Unspecified":                       "unknown country",
		"536366,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,European Community":                "unknown country",
		"536366,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,":                                  "unknown country",
		"C536366,85123A,HOLDER,-6,2010-12-01 09:26:00,2.55,,United Kingdom":                         "names no customer",
		"C536366,85123A,HOLDER,-7,2010-12-01 09:26:00,2.55,17850.0,United Kingdom":                  "matches no earlier order",
		"C536366,85123A,HOLDER,-6,2010-11-30 09:26:00,2.55,17850.0,United Kingdom":                  "matches no earlier order",
		"C536366,85123A,HOLDER,-6,2010-12-01 09:26:00,2.55,17851.0,United Kingdom":                  "matches no earlier order",
		"536366,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850.0":                                   "malformed",
		"536366,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom,":                   "malformed",
		`536366,85123A,"HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom`:                   "malformed",
		`536366,85123A,"HOLDER"S,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom`:                 "malformed",
		",85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom":                          "malformed",
		"536366,,HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom":                          "malformed",
		"536366,85123A,HOLDER,six,2010-12-01 08:26:00,2.55,17850.0,United Kingdom":                  "malformed",
		"536366,85123A,HOLDER,6.5,2010-12-01 08:26:00,2.55,17850.0,United Kingdom":                  "malformed",
		"536366,85123A,HOLDER,99999999999999999999,2010-12-01 08:26:00,2.55,17850.0,United Kingdom": "malformed",
		"536366,85123A,HOLDER,6,2010-13-01 08:26:00,2.55,17850.0,United Kingdom":                    "malformed",
		"536366,85123A,HOLDER,6,,2.55,17850.0,United Kingdom":                                       "malformed",
		"536366,85123A,HOLDER,6,2010-12-01 08:26:00,,17850.0,United Kingdom":                        "malformed",
		"536366,85123A,HOLDER,6,2010-12-01 08:26:00,1e3,17850.0,United Kingdom":                     "malformed",
		"536366,85123A,HOLDER,6,2010-12-01 08:26:00,9999999999,17850.0,United Kingdom":              "malformed",
		"536366,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,178é50,United Kingdom":                     "malformed",
		strings.Repeat("x", 70_000): "malformed",
	} {
		p := read(t, line)
		if p.account.read != 2 {
			t.Errorf("%.80s: %d rows read", line, p.account.read)
		}
		rows, reason := p.account.rows(), ""
		if len(rows) > 0 {
			reason = rows[0].Reason
		}
		if len(rows) > 1 || reason != want || want != "" && rows[0].Sales+rows[0].Cancellations != 1 {
			t.Errorf("%.80s: ended as %+v, want %q", line, rows, want)
		}
		if bad := p.account.malformed; (want == "malformed") != (len(bad) == 1) || len(bad) == 1 &&
			(bad[0].Line != 3 || bad[0].Reason == "") {
			t.Errorf("%.80s: shown as %+v", line, bad)
		}
	}
}

func TestABadLineCostsNoOther(t *testing.T) {
	t.Parallel()
	good := "536367,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom"
	p := read(t, `536366,85123A,"HOLDER,6`, "", good, strings.Repeat("y", 200_000), good+"\r",
		`536368,85123A,"HOLDER"S,6,2010-12-01 08:26:00,2.55,17850.0,France`)
	if p.account.read != 6 || len(p.account.malformed) != 3 || p.account.malformed[2].Line != 8 {
		t.Fatalf("%d rows, malformed %+v", p.account.read, p.account.malformed)
	}
	if len(p.orders) != 2 || p.orders[1].lines[0].rows != 2 {
		t.Fatalf("orders %+v", p.orders)
	}
}

func TestAFileWithoutTheColumnsOrWithoutOrdersIsRefused(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"":                                "the file is empty",
		"InvoiceNo,StockCode\n536365,1\n": "description, quantity, invoicedate, unitprice, customerid, country are missing",
		header:                            "no row that can be ordered",
		header + "536365,POST,P,1,2010-12-01 08:26:00,2.55,17850.0,France\n": "no row that can be ordered (1 rows read)",
	} {
		if _, err := NewPlan(strings.NewReader(file), "test", 0, Undecided); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", file, err)
		}
	}
}

func TestColumnsAreFoundByTheirNames(t *testing.T) {
	t.Parallel()
	file := "Country,Customer ID,unitprice,InvoiceDate,Quantity,Description,StockCode,INVOICENO,more\r\n" +
		"France,17850,2.55,2010-12-01 08:26:00,6,\xa320 Caf\xe9,85123a,536365,x\r\n"
	p, err := NewPlan(strings.NewReader(file), "test", 0, Undecided)
	if err != nil {
		t.Fatal(err)
	}
	want := product{sku: "85123A", description: "£20 Café", price: 255}
	if p.products[0] != want || p.orders[0].customer.number != "17850" ||
		p.orders[0].country != "FR" {
		t.Fatalf("%+v, order %+v", p.products[0], p.orders[0])
	}
}

func TestPricesAreRoundedToThePennyWithoutErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"2.55": 255, "0.1": 10, "7": 700, ".5": 50, "5.": 500, "0.295": 30, "0.294": 29,
		"0.001": 0, "-11062.06": -1106206, "8142.75": 814275, "1.1": 110, "4.35": 435} {
		if got, err := pence(text, "."); err != nil || got != want {
			t.Errorf("%s: %d %v", text, got, err)
		}
	}
	for _, text := range []string{"", ".", "-", "1,5", "1.2.3", "£3", " 1", "+1", "0x1", "99999999999"} {
		if got, err := pence(text, "."); err == nil {
			t.Errorf("%q: %d", text, got)
		}
	}
}

func TestAFileIsReadPlainAndCompressedAlike(t *testing.T) {
	t.Parallel()
	text := []byte(header + strings.Repeat("536365,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n", 5000))
	var zipped, xzipped bytes.Buffer
	g := gzip.NewWriter(&zipped)
	g.Write(text)
	x, err := xz.NewWriter(&xzipped)
	if err != nil {
		t.Fatal(err)
	}
	x.Write(text)
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"a.csv": text, "a.csv.gz": zipped.Bytes(), "a.csv.xz": xzipped.Bytes(),
		"misnamed.csv": xzipped.Bytes()} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(file)
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none.csv")); !os.IsNotExist(err) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// december returns the plan of the bundled sample.
func december(t *testing.T, limit int) *Plan {
	t.Helper()
	file, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewPlan(file, "test", limit, Undecided)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTheSampleIsDecember2010AndPlannedAlikeEveryTime(t *testing.T) {
	t.Parallel()
	p := december(t, 0)
	if p.account.read != 42_481 || len(p.account.malformed) != 0 || p.from.Format(time.DateOnly) != "2010-12-01" ||
		p.to.Format(time.DateOnly) != "2010-12-23" {
		t.Fatalf("%d rows, %v to %v, malformed %v", p.account.read, p.from, p.to, p.account.malformed)
	}
	rows := 0
	for _, s := range p.steps {
		switch {
		case s.order != nil:
			if n := len(s.order.lines); n == 0 || n > maxLines {
				t.Errorf("order %s has %d lines", s.order.key, n)
			}
			for _, l := range s.order.lines {
				rows += int(l.rows)
			}
		case s.cancel != nil:
			for _, l := range s.cancel.lines {
				rows += int(l.rows)
			}
		}
	}
	for _, r := range p.account.rows() {
		rows += r.Sales + r.Cancellations
	}
	if rows != p.account.read {
		t.Errorf("%d rows are planned or refused", rows)
	}
	again := december(t, 0)
	if !reflect.DeepEqual(p.steps, again.steps) || !reflect.DeepEqual(p.opening, again.opening) ||
		!reflect.DeepEqual(p.products, again.products) {
		t.Error("planned again, something is different")
	}
	few := december(t, 100)
	if len(few.orders) < 100 || len(few.orders) > 105 || !reflect.DeepEqual(few.opening, p.opening) ||
		!reflect.DeepEqual(few.products, p.products) {
		t.Errorf("limited: %d orders, or another stock or catalogue", len(few.orders))
	}
}
