package api

import (
	"fmt"

	"orderflow.example/shared/httpserver"
)

// Check finds duplicate SKUs.
func (r *request) Check() (faults []httpserver.Fault) {
	seen := make(map[string]int, len(r.Items))
	for i, it := range r.Items {
		if first, twice := seen[it.SKU]; twice {
			faults = append(faults, httpserver.Fault{Location: fmt.Sprintf("body.items[%d].sku", i),
				Detail: fmt.Sprintf("items[%d] is about the same SKU", first)})
		} else {
			seen[it.SKU] = i
		}
	}
	return faults
}
