package api

import (
	"fmt"

	"orderflow.example/schemas"
	"orderflow.example/shared/httpserver"
)

// Check finds duplicate SKUs and currencies that nobody pays with.
func (r *request) Check() (faults []httpserver.Fault) {
	seen := make(map[string]int, len(r.Items))
	for i, it := range r.Items {
		if it.Price.Currency != "" && !schemas.KnownCurrency(it.Price.Currency) {
			faults = append(faults, httpserver.Fault{Location: fmt.Sprintf("body.items[%d].price.currency", i),
				Detail: "want the ISO 4217 code of a currency that people pay with, as GBP"})
		}
		if first, twice := seen[it.SKU]; twice {
			faults = append(faults, httpserver.Fault{Location: fmt.Sprintf("body.items[%d].sku", i),
				Detail: fmt.Sprintf("items[%d] is about the same SKU", first)})
		} else {
			seen[it.SKU] = i
		}
	}
	return faults
}
