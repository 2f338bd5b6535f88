package carrier

import (
	"strings"
	"testing"

	"orderflow.example/schemas"
)

func TestCarriersGoWhereTheShopSaysThatTheyGo(t *testing.T) {
	t.Parallel()
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	served := 0
	for _, a := range letters {
		for _, b := range letters {
			country := string(a) + string(b)
			if goes := len(rates(country, 1)) > 0; goes != schemas.DeliveredTo(country) {
				t.Errorf("%s: served by a carrier: %v, by the shop: %v", country, goes, !goes)
			} else if goes {
				served++
			}
		}
	}
	if served < 200 || len(rates("AQ", 1)) > 0 {
		t.Errorf("%d countries are served: is that the list?", served)
	}
	for _, country := range strings.Fields(europeans) {
		if !schemas.DeliveredTo(country) {
			t.Errorf("%s has a price, and no carrier serves it", country)
		}
	}
}
