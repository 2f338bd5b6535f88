package recommendation

import (
	"time"

	"orderflow.example/schemas/catalog"
	"orderflow.example/schemas/inventory"
)

// Product is what is known of a good for sale.
type Product struct {
	SKU           string
	Listed        bool
	Description   string
	Backorderable bool
	Available     int64
	Withdrawn     bool // from sale
}

// BlankProduct is the product of a SKU without events.
func BlankProduct(sku string) Product { return Product{SKU: sku} }

// Sold tells whether it can be had.
func (p Product) Sold() bool { return p.Listed && !p.Withdrawn && (p.Available > 0 || p.Backorderable) }

func listed(p Product, e catalog.ProductListedV1, _ time.Time) Product {
	p.Listed, p.Description, p.Backorderable = true, e.Description, e.Backorderable
	return p
}

func stocked(p Product, e inventory.StockChangedV1, _ time.Time) Product {
	p.Available = e.Available
	return p
}

func withdrawn(p Product, _ catalog.WithdrawnV1, _ time.Time) Product {
	p.Withdrawn = true
	return p
}

func restored(p Product, _ catalog.RestoredV1, _ time.Time) Product {
	p.Withdrawn = false
	return p
}
