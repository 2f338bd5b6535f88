package api

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"orderflow.example/shared/httpserver"
)

// A product that was listed a moment ago may not have been heard of: its receipt waits so long before it is refused.
const (
	listedWithin = 2 * time.Second
	lookEvery    = 50 * time.Millisecond
)

// unknown finds items of unknown products, or in unknown warehouses.
func unknown(ctx context.Context, reader Reader, there Warehouses, items []item) (faults []httpserver.Fault, err error) {
	var skus []string
	for i, it := range items {
		if len(there) > 0 && !slices.Contains(there, it.Warehouse) {
			faults = httpserver.AddFaults(faults, httpserver.Fault{Location: fmt.Sprintf("body.items[%d].warehouse", i),
				Detail: "there is no such warehouse; there are " + strings.Join(there, ", ")})
		}
		if !it.Unlisted {
			skus = append(skus, it.SKU)
		}
	}
	for until := time.Now().Add(listedWithin); len(skus) > 0 && faults == nil; {
		if skus, err = reader.Unknown(ctx, skus); err != nil {
			return nil, err
		}
		if len(skus) == 0 || time.Now().After(until) {
			break
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lookEvery):
		}
	}
	for i, it := range items {
		if !it.Unlisted && slices.Contains(skus, it.SKU) && (len(there) == 0 || slices.Contains(there, it.Warehouse)) {
			faults = httpserver.AddFaults(faults, httpserver.Fault{Location: fmt.Sprintf("body.items[%d].sku", i),
				Detail: "the catalogue has no such product: list it with POST /v1/products, or say \"unlisted\": true of goods that " +
					"come before"})
		}
	}
	return faults, nil
}
