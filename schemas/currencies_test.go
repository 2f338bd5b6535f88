package schemas_test

import (
	"testing"

	"orderflow.example/schemas"
)

func TestCurrenciesAreKnownByTheirCodes(t *testing.T) {
	t.Parallel()
	for code, known := range map[string]bool{"GBP": true, "AED": true, "ZWG": true, "EUR": true, "gbp": false, "XXX": false, "": false, "GBP ": false} {
		if schemas.KnownCurrency(code) != known {
			t.Errorf("%q: known is %v", code, !known)
		}
	}
}
