package schemas_test

import (
	"testing"

	"orderflow.example/schemas"
)

func TestCurrenciesAreKnownByTheirCodes(t *testing.T) {
	t.Parallel()
	for code, known := range map[string]bool{"GBP": true, "AED": true, "ZWG": true, "EUR": true, "gbp": false, "XXX": false,
		"": false, "GBP ": false} {
		if schemas.KnownCurrency(code) != known {
			t.Errorf("%q: known is %v", code, !known)
		}
	}
}

func TestMoneyReadsWithTheDigitsOfItsCurrency(t *testing.T) {
	t.Parallel()
	for want, m := range map[string]schemas.Money{"15.30 GBP": {1530, "GBP"}, "0.01 GBP": {1, "GBP"}, "-0.05 EUR": {-5, "EUR"},
		"1530 JPY": {1530, "JPY"}, "1.530 BHD": {1530, "BHD"}, "0.00 GBP": {0, "GBP"}} {
		if got := m.Text(); got != want {
			t.Errorf("%+v reads %s, want %s", m, got, want)
		}
	}
}
