package warehouse

import (
	"slices"
	"time"

	"orderflow.example/schemas/catalog"
	event "orderflow.example/schemas/warehouse"
	"orderflow.example/shared/saga"
)

// Remembered is how many receipts of a SKU are recognised as repeats. A receipt repeated after so many newer ones of the same
// SKU counts as a new one.
const Remembered = 100

// Supply is this service's state of the incoming goods of one SKU.
type Supply struct {
	SKU       string
	Listed    bool       // in the catalogue, now or before: goods of other SKUs are received only where that is meant
	Receipts  []string   // ids of the last receipts, the newest at the end
	Purchases []Purchase // not yet delivered
}

// Purchase is an open order at a supplier.
type Purchase struct {
	ID          string // of the event that asks the supplier
	Replenishes string // id of the event by which inventory requested it
	Warehouse   string
	Quantity    int64
	Received    int64     `json:",omitempty"` // of Quantity
	OrderedAt   time.Time `json:",omitzero"`
}

// LateAfter is how long a supplier may take for a purchase, or for the rest of one.
const LateAfter = 14 * 24 * time.Hour

// BlankSupply is the supply of a SKU without events.
func BlankSupply(sku string) Supply { return Supply{SKU: sku} }

// EvolveSupply folds the service's own events about a SKU.
func EvolveSupply(s Supply, e saga.Event) Supply {
	switch d := e.Data.(type) {
	case event.PurchaseOrderedV1:
		p := Purchase{ID: e.ID, Replenishes: e.Cause, Warehouse: d.Warehouse, Quantity: d.Quantity,
			OrderedAt: e.Time.UTC().Truncate(time.Microsecond)}
		s.Purchases = append(slices.Clip(s.Purchases), p)
	case event.StockReceivedV1:
		s.Receipts = append(slices.Clip(s.Receipts), d.ReceiptID)
		s.Receipts = s.Receipts[max(0, len(s.Receipts)-Remembered):]
		i := slices.IndexFunc(s.Purchases, func(p Purchase) bool { return d.Replenishes != "" && p.Replenishes == d.Replenishes })
		switch {
		case i < 0:
		case d.Rest == 0:
			s.Purchases = slices.Concat(s.Purchases[:i], s.Purchases[i+1:])
		default:
			s.Purchases = slices.Clone(s.Purchases)
			s.Purchases[i].Received += d.Quantity
		}
	}
	return s
}

func listed(s Supply, _ catalog.ProductListedV1, _ time.Time) Supply {
	s.Listed = true
	return s
}

func (s Supply) purchase(id string) int {
	return slices.IndexFunc(s.Purchases, func(p Purchase) bool { return p.ID == id })
}
