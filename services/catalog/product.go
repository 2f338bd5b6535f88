// Package catalog decides which products are for sale and at what price: when an operator lists a product it emits what changed,
// and nothing if nothing did. Stock levels are kept by the inventory service, and customers read products in the
// storefront.
//
// It is pure: rows are in internal/store, operators' routes in internal/api.
package catalog

import (
	"orderflow.example/schemas"
	event "orderflow.example/schemas/catalog"
	"orderflow.example/shared/saga"
)

// Product is the catalogue's state of one SKU.
type Product struct {
	SKU           string
	Listed        bool
	Description   string
	Price         schemas.Money
	Backorderable bool
	Withdrawn     bool // from sale; listing it again does not put it back
}

// Blank is a SKU that was never listed.
func Blank(sku string) Product { return Product{SKU: sku} }

// Evolve folds the service's own events.
func Evolve(p Product, e saga.Event) Product {
	switch d := e.Data.(type) {
	case event.ProductListedV1:
		p.Listed, p.Description, p.Price, p.Backorderable = true, d.Description, d.Price, d.Backorderable
	case event.PriceChangedV1:
		p.Price = d.Price
	case event.WithdrawnV1:
		p.Withdrawn = true
	case event.RestoredV1:
		p.Withdrawn = false
	}
	return p
}

// list emits what is new in a listing. If a listed product's price changes along with its description, it emits both events, so
// that a consumer of price changes gets each one.
func list(p Product, l Listing) (events []saga.Event) {
	if !p.Listed || p.Description != l.Description || p.Backorderable != l.Backorderable {
		events = append(events, event.ProductListed.Of(event.ProductListedV1(l)))
	}
	if p.Listed && p.Price != l.Price {
		events = append(events, event.PriceChanged.Of(event.PriceChangedV1{Price: l.Price}))
	}
	return events
}

// changeSale withdraws a product or puts it back; nothing changes of one that was never listed.
func changeSale(p Product, s Sale) []saga.Event {
	switch {
	case !p.Listed || p.Withdrawn == s.Withdrawn:
		return nil
	case s.Withdrawn:
		return []saga.Event{event.Withdrawn.Of(event.WithdrawnV1{Reason: s.Reason})}
	}
	return []saga.Event{event.Restored.Of(event.RestoredV1{})}
}
