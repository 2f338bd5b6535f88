package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orderflow.example/shared/service"
)

func TestABrokenFileOfTermsIsRefusedWithItsPlaceBeforeAnythingRuns(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "taxes.csv")
	if err := os.WriteFile(path, []byte("country,category,percent,from,until\n*,G,0,,\nGB,S,20,,\nGB,S,21,2027-01-01,\n"),
		0o600); err != nil {
		t.Fatal(err)
	}
	err := rates.Check(path)
	if err == nil || !strings.Contains(err.Error(), "taxes.csv line 4: GB from 2027-01-01 overlaps line 3") {
		t.Error(err)
	}
	if err := seller.Check(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
	for _, check := range []func(string) error{rates.Check, seller.Check} {
		if err := check(path + ".gone"); err == nil || !strings.Contains(err.Error(), path+".gone") {
			t.Error(err)
		}
		if err := check(""); err != nil {
			t.Error(err)
		}
	}
}

func TestDocumentsAreIssuedByTheTermsOfTheFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, text := range map[string]string{
		"taxes": "country,category,percent,from,until\n*,S,7.5,,\n",
		"seller": `{"name":"Shop","address":{"name":"","line1":"1 Way","city":"Bern","postcode":"3000","country":"CH"},` +
			`"tax_number":"CHE000000000","email":"shop@example.com"}`,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := terms(service.Config{}.With(service.Settings{"tax-rates": filepath.Join(folder, "taxes"),
		"seller": filepath.Join(folder, "seller")}))
	if got.Rates["*"][0].Percent != 750 || got.Seller.Name != "Shop" {
		t.Errorf("%+v", got)
	}
}
