package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

const catalogueHeader = "sku,description,price,currency,backorderable,valid_from,valid_until,warehouse,quantity\n"

var today = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func catalogue(t *testing.T, rows ...string) *Catalogue {
	t.Helper()
	c, err := ReadCatalogue(strings.NewReader(catalogueHeader+strings.Join(rows, "\n")), "test.csv", Undecided, today)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (s *shop) importing(t *testing.T, c *Catalogue) Imported {
	t.Helper()
	done, err := Import(t.Context(), ImportOptions{StorefrontURL: s.url, OperatorsURL: s.url, Key: key, Catalogue: c})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func TestACatalogueIsImportedOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := catalogue(t, "tea,Green tea,2.50,,yes,,,north,10", "TEA,Green tea,2.50,,yes,,,south,5", "a/b?c,Odd one,1,EUR,,,,,7")
	done := s.importing(t, c)
	if done.Received != 22 || done.Products != 2 || !done.Whole() || s.stock["TEA"] != 15 || s.stock["A/B?C"] != 7 {
		t.Errorf("%+v, stock %v", done, s.stock)
	}
	want := listing{"TEA", "Green tea", money{250, "GBP"}, true}
	if s.products["TEA"] != want || s.products["A/B?C"].Price != (money{100, "EUR"}) {
		t.Errorf("%+v", s.products)
	}
	corrected := catalogue(t, "tea,Green tea,2.60,,yes,,,north,10", "TEA,Green tea,2.60,,yes,,,south,6", "new,New,1,,,,,,1")
	for range 2 {
		again := s.importing(t, corrected)
		if again.StockedBefore < 16 || s.stock["TEA"] != 15 || s.stock["NEW"] != 1 || s.products["TEA"].Price.Amount != 260 {
			t.Errorf("%+v, stock %v", again, s.stock)
		}
	}
}

func TestAnImportWhoseAnswersAreLostReceivesNothingTwice(t *testing.T) {
	t.Parallel()
	s := open(t)
	lost := map[string]bool{}
	s.hitch = func(r *http.Request) int {
		if key := r.Header.Get("Idempotency-Key"); key != "" && !lost[key] {
			lost[key] = true
			return 2
		}
		return 0
	}
	s.importing(t, catalogue(t, "tea,Tea,2.50,,,,,north,10", "tea,Tea,2.50,,,,,south,5"))
	if s.stock["TEA"] != 15 || len(lost) != 2 {
		t.Errorf("stock %v, lost answers %v", s.stock, lost)
	}
}

func TestAPriceHasTheDigitsOfItsCurrencyOrIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	done := s.importing(t, catalogue(t, "gb,A,2.5,,,,,,", "yen,A,250,jpy,,,,,", "dinar,A,2.5,KWD,,,,,", "zeros,A,2.5000,EUR,,,,,",
		"a,A,2.50,JPY,,,,,", "b,A,2.345,,,,,,", "c,A,1.234,EUR,,,,,", "d,A,2.5001,KWD,,,,,", "e,A,1,XXX,,,,,", "f,A,1,QQQ,,,,,"))
	for sku, want := range map[string]money{"GB": {250, "GBP"}, "YEN": {250, "JPY"}, "DINAR": {2500, "KWD"}, "ZEROS": {250, "EUR"}} {
		if got := s.products[sku].Price; got != want {
			t.Errorf("%s costs %+v, want %+v", sku, got, want)
		}
	}
	if len(s.products) != 4 || len(done.Refused) != 6 {
		t.Errorf("products %v, refused %+v", s.products, done.Refused)
	}
}

func TestDirtyRowsAreNamedAndCostNoOther(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.lists = func(l listing) bool { return l.SKU != "BANNED" }
	done := s.importing(t, catalogue(t, "tea,Tea,2.50,,,,,,1", ",No code,1,,,,,,", "a,,1,,,,,,", "b,B,free,,,,,,", "c,C,0,,,,,,",
		"d,D,1,pound,,,,,", "e,E,1,,maybe,,,,", "f,F,1,,,2026-02-30,,,", "g,G,1,,,2026-05-01,2026-04-01,,", "h,H,1,,,,,,-1",
		"i,I,1,,,,,,1.5", "j,J,1,,,,,north,", "k,K,1", "tea,Other tea,2.50,,,,,,", "tea,Tea,2.50,,,,,north,2", "BANNED,Not,1,,,,,,3",
		"old,Old,1,,,,2026-01-01,,", "soon,Soon,1,,,2027-01-01,,,", "mug,Mug,3,,,,,,4"))
	var lines []int
	for _, r := range done.Refused {
		lines = append(lines, r.Line)
	}
	if want := []int{3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}; !slices.Equal(lines, want) || done.Whole() {
		t.Errorf("refused lines %v, want %v:\n%+v", lines, want, done.Refused)
	}
	if len(s.products) != 2 || s.stock["TEA"] != 1 || s.stock["MUG"] != 4 || s.stock["BANNED"] != 0 || done.Rows != 19 {
		t.Errorf("%d rows, products %v, stock %v", done.Rows, s.products, s.stock)
	}
	var text strings.Builder
	if err := done.Print(&text); err != nil || !strings.Contains(text.String(), "line 12: the quantity is not") ||
		!strings.Contains(text.String(), "BANNED: invalid") {
		t.Errorf("%v\n%s", err, text.String())
	}
	if data, err := json.Marshal(done); err != nil || !strings.Contains(string(data), `"refused":[{"line":3,`) {
		t.Errorf("%v %s", err, data)
	}
}

func TestTwoPricesOfAProductAtOneTimeAreRefused(t *testing.T) {
	t.Parallel()
	for _, rows := range [][]string{
		{"tea,Tea,2,,,,,north,1", "tea,Tea,3,,,,,south,1"},
		{"tea,Tea,2,GBP,,,,north,1", "tea,Tea,2,EUR,,,,south,1"},
		{"tea,Tea,2,,,2026-01-01,2026-06-01,,", "tea,Tea,3,,,2026-05-31,,,"},
		{"tea,Tea,2,,,,2026-06-01,,", "tea,Tea,3,,,,2026-01-01,,"},
		{"tea,Tea,2,,,,,,", "mug,Mug,1,,,,,,", "TEA,Tea,3,,,2030-01-01,2030-02-01,,"},
	} {
		_, err := ReadCatalogue(strings.NewReader(catalogueHeader+strings.Join(rows, "\n")), "test", Undecided, today)
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("TEA has two prices at one time, on lines 2 and %d", len(rows)+1)) {
			t.Errorf("%q: %v", rows, err)
		}
	}
}

func TestThePriceOfTheDayIsListed(t *testing.T) {
	t.Parallel()
	rows := []string{"tea,Tea,2,,,,2026-11-01,,", "tea,Tea,3,,,2026-11-01,2026-12-01,,", "tea,Tea,4,,,2026-12-01,,,"}
	for at, want := range map[string]int64{"2026-10-31": 200, "2026-11-01": 300, "2026-11-30": 300, "2026-12-01": 400} {
		day, err := time.Parse(time.DateOnly, at)
		if err != nil {
			t.Fatal(err)
		}
		c, err := ReadCatalogue(strings.NewReader(catalogueHeader+strings.Join(rows, "\n")), "test", Undecided, day)
		if err != nil || len(c.products) != 1 || c.products[0].price != want {
			t.Errorf("%s: %+v, %v; want %d", at, c, err, want)
		}
	}
}

func TestACatalogueInAnotherFormatReadsTheSame(t *testing.T) {
	t.Parallel()
	plain := catalogue(t, "tea,Tea,2.55,,,2026-11-13,,,3", "mug,Mug,12.50,,,,,,")
	other, err := ReadCatalogue(strings.NewReader("Price;Valid From;SKU;Description;Note;Quantity\r\n"+
		"2,55;13/11/2026;tea;Tea;x;3\r\n12,50;;mug;Mug;;\r\n"), "test.csv", Undecided, today)
	if err != nil {
		t.Fatal(err)
	}
	const tabs = "sku\tdescription\tprice\ntea\tTea\t2,55\nmug\tMug\t12,50\n"
	bare, err := ReadCatalogue(strings.NewReader(tabs), "test", Undecided, today)
	if err != nil || !reflect.DeepEqual(plain.products, bare.products) {
		t.Errorf("%+v\n%+v %v", plain, bare, err)
	}
	if !reflect.DeepEqual(plain.products, other.products) || !reflect.DeepEqual(plain.opening, other.opening) {
		t.Errorf("%+v\n%+v", plain, other)
	}
}

func TestAFileThatIsNoCatalogueIsRefused(t *testing.T) {
	t.Parallel()
	for text, why := range map[string]string{
		"":                                    "the file is empty",
		"sku,price\ntea,1\n":                  "the columns description are missing",
		catalogueHeader:                       "no product that can be listed (0 rows read)",
		catalogueHeader + "tea,Tea,0,,,,,,\n": "line 2: the price is not above 0",
		"sku,description,price,valid_from\ntea,Tea,1,01/02/2026\n": "--dates dmy or --dates mdy",
		"sku,sku,description,price\n":                              "the column sku appears twice",
	} {
		_, err := ReadCatalogue(strings.NewReader(text), "test", Undecided, today)
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want %q", text, err, why)
		}
	}
}

func TestTheCatalogueOfTheSampleIsThatOfTheDemo(t *testing.T) {
	t.Parallel()
	file, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	c, err := ReadCatalogue(file, Sample, Undecided, today)
	if err != nil {
		t.Fatal(err)
	}
	s := open(t)
	done := s.importing(t, c)
	if len(s.products) != len(c.products) || len(c.products) < 2500 || done.Rows != 42_481 || !done.Whole() || done.Received == 0 {
		t.Errorf("%d products in the shop; %+v", len(s.products), done)
	}
	if !slices.Contains(done.Refused, Malformed{47, "not goods"}) {
		t.Errorf("line 47 is postage: %+v", done.Refused[:min(20, len(done.Refused))])
	}
	if again := s.importing(t, c); again.Received != 0 || again.StockedBefore != done.Received {
		t.Errorf("repeated: %+v", again)
	}
}

func TestOnlyAnEmptyShopGetsTheSample(t *testing.T) {
	t.Parallel()
	s := open(t)
	o := ImportOptions{StorefrontURL: s.url, OperatorsURL: s.url, Key: key}
	said := 0
	furnish := func() (Imported, bool) {
		t.Helper()
		i, done, err := Furnish(t.Context(), o, func() { said++ })
		if err != nil {
			t.Fatal(err)
		}
		return i, done
	}
	killed, kill := context.WithCancel(t.Context())
	s.hitch = func(r *http.Request) int {
		if r.Method == "POST" && len(s.receipts) > 0 {
			kill()
			return 1
		}
		return 0
	}
	if _, done, err := Furnish(killed, o, func() {}); done || err == nil || len(s.products) > 0 {
		t.Errorf("a killed run is done: %v, %v; %d products", done, err, len(s.products))
	}
	s.hitch = func(*http.Request) int { return 0 }
	first, done := furnish()
	if !done || said != 1 || first.Products != len(s.products) || len(s.stock) != len(s.products) {
		t.Errorf("%v, said %d times; %d products, %d with stock", done, said, len(s.products), len(s.stock))
	}
	var pieces int64
	for _, n := range s.stock {
		pieces += n
	}
	if pieces != first.Received {
		t.Errorf("%d pieces, and the sample has %d", pieces, first.Received)
	}
	receipts := len(s.receipts)
	if _, done := furnish(); done || said != 1 || len(s.receipts) != receipts {
		t.Errorf("a shop with goods was given others: %v, said %d times", done, said)
	}
}
