package storefront

import (
	"time"

	"orderflow.example/schemas"
	"orderflow.example/schemas/catalog"
	"orderflow.example/schemas/inventory"
)

// Product is what a customer sees of a SKU: the catalogue's description and price, the inventory's level.
type Product struct {
	SKU           string
	Listed        bool // in the catalogue; before that only its level is known
	Description   string
	Price         schemas.Money
	Backorderable bool
	Available     int64
	Withdrawn     bool // from sale: orders placed before go on
}

// Terms are what a product for sale is ordered by.
type Terms struct {
	Price         schemas.Money
	Backorderable bool
	Withdrawn     bool
}

// BlankProduct is the product of a SKU without events.
func BlankProduct(sku string) Product { return Product{SKU: sku} }

func listed(p Product, e catalog.ProductListedV1, _ time.Time) Product {
	p.Listed, p.Description, p.Price, p.Backorderable = true, e.Description, e.Price, e.Backorderable
	return p
}

func priced(p Product, e catalog.PriceChangedV1, _ time.Time) Product {
	p.Price = e.Price
	return p
}

func stocked(p Product, e inventory.StockChangedV1, _ time.Time) Product {
	p.Available = e.Available
	return p
}

func withdrawnFromSale(p Product, _ catalog.WithdrawnV1, _ time.Time) Product {
	p.Withdrawn = true
	return p
}

func restored(p Product, _ catalog.RestoredV1, _ time.Time) Product {
	p.Withdrawn = false
	return p
}
