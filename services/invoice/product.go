package invoice

import (
	"time"

	"orderflow.example/schemas/catalog"
)

// Product is what a SKU was called when.
type Product struct {
	SKU   string
	Names []Name // oldest first
}

// Name is a description of a product since a time.
type Name struct {
	Since time.Time `json:"since"` // whole microseconds, UTC
	Text  string    `json:"text"`
}

// BlankProduct is the product of a SKU without events.
func BlankProduct(sku string) Product { return Product{SKU: sku} }

func listed(p Product, e catalog.ProductListedV1, at time.Time) Product {
	if n := len(p.Names); n > 0 && p.Names[n-1].Text == e.Description {
		return p
	}
	p.Names = append(p.Names[:len(p.Names):len(p.Names)], Name{Since: kept(at), Text: e.Description})
	return p
}

// Called is what the product was called at that time: its first name where it had none yet, its SKU where it never had one.
func (p Product) Called(at time.Time) string {
	text := p.SKU
	for i, n := range p.Names {
		if i == 0 || !n.Since.After(at) {
			text = n.Text
		}
	}
	return text
}
