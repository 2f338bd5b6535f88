// Package schemas is the common vocabulary of Orderflow's events. One package below it for each producing service holds
// that service's event types and payloads; this package holds the types they share.
//
// It is vocabulary only: no behaviour, no rules except which values are valid at all. Services, the platform's checks and
// the generated documents use it.
//
// A payload may only grow compatibly; anything else is a new version beside the old one. Fields with personal data carry
// the tag x:"personal" and are in as few events as possible.
package schemas

import (
	"slices"
	"strings"
)

//go:generate go run ./generate

// Money is an amount in minor units (pence, cents) of an ISO 4217 currency.
type Money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency" schema:"pattern=^[A-Z]{3}$"`
}

// Line is a quantity of one product at the price it was sold for, per piece, in minor units of the order's currency.
type Line struct {
	SKU       string `json:"sku" schema:"min=1"`
	Quantity  int64  `json:"quantity" schema:"min=1"`
	UnitPrice int64  `json:"unit_price" schema:"min=0"`
}

// Allocation is a line, or part of one, taken from one warehouse.
type Allocation struct {
	SKU       string `json:"sku" schema:"min=1"`
	Quantity  int64  `json:"quantity" schema:"min=1"`
	UnitPrice int64  `json:"unit_price" schema:"min=0"`
	Warehouse string `json:"warehouse" schema:"min=1"`
}

// Parcel tells which parcel of an order it is, where the order leaves in several: one from each warehouse, in the order of their
// names.
type Parcel struct {
	Number int64 `json:"number" schema:"min=1" example:"2"`
	Of     int64 `json:"of" schema:"min=2" example:"3"`
}

// ByWarehouse splits goods into those of each warehouse, in the order of the names.
func ByWarehouse(all []Allocation) (parcels [][]Allocation) {
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b Allocation) int { return strings.Compare(a.Warehouse, b.Warehouse) })
	for i, l := range sorted {
		if i == 0 || l.Warehouse != sorted[i-1].Warehouse {
			parcels = append(parcels, nil)
		}
		parcels[len(parcels)-1] = append(parcels[len(parcels)-1], l)
	}
	return parcels
}

// Among are the goods in the warehouses that those of the parcel are in.
func Among(goods, parcel []Allocation) (found []Allocation) {
	for _, g := range goods {
		if slices.ContainsFunc(parcel, func(l Allocation) bool { return l.Warehouse == g.Warehouse }) {
			found = append(found, g)
		}
	}
	return found
}

// Without is what of all is not in part: the pieces of the same SKU, price and warehouse are taken off one by one.
func Without(all, part []Allocation) (left []Allocation) {
	taken := map[Allocation]int64{}
	for _, l := range part {
		n := l.Quantity
		l.Quantity = 0
		taken[l] += n
	}
	for _, l := range all {
		same := l
		same.Quantity = 0
		n := min(l.Quantity, taken[same])
		taken[same] -= n
		if l.Quantity -= n; l.Quantity > 0 {
			left = append(left, l)
		}
	}
	return left
}

// Worth is the price of all pieces together, in minor units.
func Worth(lines []Allocation) int64 {
	var sum int64
	for _, l := range lines {
		sum += l.Quantity * l.UnitPrice
	}
	return sum
}

// Pieces counts all pieces together.
func Pieces(lines []Allocation) int64 {
	var sum int64
	for _, l := range lines {
		sum += l.Quantity
	}
	return sum
}

// Request is the request with an Idempotency-Key that an event came of. It stands in the event, so that the request is known
// again, when it is sent again, also by a service that has nothing left but its topic. Its key is the caller's own text.
type Request struct {
	Caller      string `json:"caller" example:"10001"`
	Route       string `json:"route" schema:"min=1" example:"/v1/orders"`
	Key         string `json:"key" schema:"pattern=^[ -~]{1,255}$" example:"7d1f0a52-basket-3"`
	ID          string `json:"id" schema:"min=1" example:"019e5a3b-9c12-7a40-b2d1-5e6f70819007"`
	Fingerprint string `json:"fingerprint" schema:"pattern=^[0-9a-f]{64}$"`
}

// Backorder says which goods of an order may be waited for, and until when.
type Backorder struct {
	SKUs  []string `json:"skus" schema:"min=1" example:"[\"85123A\"]"`
	Until string   `json:"until" schema:"min=1" example:"2026-03-15T09:30:04Z"`
}

// Address is where goods go.
type Address struct {
	Name     string `json:"name"`
	Line1    string `json:"line1"`
	Line2    string `json:"line2,omitempty"`
	City     string `json:"city"`
	Postcode string `json:"postcode"`
	Country  string `json:"country" schema:"pattern=^[A-Z]{2}$"` // ISO 3166-1 alpha-2
}

// Total is the price of all lines together, in minor units.
func Total(lines []Line) int64 {
	var sum int64
	for _, l := range lines {
		sum += l.Quantity * l.UnitPrice
	}
	return sum
}
