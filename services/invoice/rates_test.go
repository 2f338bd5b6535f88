package invoice_test

import (
	"strings"
	"testing"

	"orderflow.example/services/invoice"
)

func TestABrokenTableOfRatesIsRefusedWithEveryLineAndReason(t *testing.T) {
	t.Parallel()
	const head = "country,category,percent,from,until\n"
	const rest = "*,G,0,,\n"
	for rows, want := range map[string]string{
		head + rest + "GB,S,20,,\nGB,S,21,2020-01-01,\n":           "taxes line 4: GB from 2020-01-01 overlaps line 3",
		head + rest + "GB,S,20,,2020-01-01\nGB,S,21,2020-01-01,\n": "taxes line 4: GB from 2020-01-01 overlaps line 3",
		head + rest + "GB,S,20,,\nGB,S,21,,\n":                     "taxes line 4: GB from ever overlaps line 3",
		head + rest + "GB,S,21,2020-01-03,\nGB,S,20,,2020-01-01\n": "taxes line 3: GB has no rate between 2020-01-01 of line 4 " +
			"and 2020-01-03",
		head + rest + "GB,S,20,2020-01-01,\n": "taxes line 3: GB has no rate before 2020-01-01",
		head + rest + "GB,S,20,,2020-01-01\n": "taxes line 3: GB has no rate after 2020-01-01",
		head + "GB,S,20,,\n":                  "taxes: no rate for AD, nor for *",
		head:                                  "taxes: no rate for AD",
		head + rest + "UK,S,20,,\n":           `taxes line 3: "UK" is no country`,
		head + rest + "GB,X,20,,\n":           `taxes line 3: category "X"`,
		head + rest + "GB,S,0,,\n":            "taxes line 3: category S at 0 percent",
		head + rest + "GB,Z,20,,\n":           "taxes line 3: category Z at 20 percent",
		head + rest + "GB,S,120,,\n":          `taxes line 3: "120" is no percentage`,
		head + rest + "GB,S,-5,,\n":           `taxes line 3: "-5" is no percentage`,
		head + rest + "GB,S,20.555,,\n":       `taxes line 3: "20.555" is no percentage`,
		head + rest + "GB,S,,,\n":             `taxes line 3: "" is no percentage`,
		head + rest + "GB,S,20,2020-02-30,\n": `taxes line 3: "2020-02-30" is no day`,
		head + rest + "GB,S,20,2020-02-02,2020-02-01\n": "taxes line 3: from 2020-02-02 until 2020-02-01 ends before " +
			"it begins",
		head + rest + "GB,S,20\n": "line 3",
		"land,satz\n":             "taxes",
		"":                        "taxes: no rate for AD",
	} {
		rates, err := invoice.ReadRates(strings.NewReader(rows), "taxes")
		if err == nil || rates != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", rows, err, want)
		}
	}
	_, err := invoice.ReadRates(strings.NewReader(head+rest+"GB,S,0,,\nUK,S,20,,\n"), "taxes")
	if err == nil || strings.Count(err.Error(), "taxes line") != 2 {
		t.Errorf("not every fault is named: %v", err)
	}
}

func TestABrokenSellerIsRefusedWithEveryFault(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{}`:                  "name is missing",
		`{"name":"A"`:         "seller: unexpected EOF",
		`{"nome":"A"}`:        `unknown field "nome"`,
		`{"tax_number":"XX"}`: `tax_number "XX": want`,
		`{"tax_number":"ZZ12345","address":{"country":"UK"}}`: `address.country "UK"`,
	} {
		if _, err := invoice.ReadSeller(strings.NewReader(text), "seller"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	if s := invoice.Standard().Seller; !strings.HasSuffix(s.Email, ".example") {
		t.Errorf("the seller that comes along is real: %+v", s)
	}
}
