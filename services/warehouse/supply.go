package warehouse

import (
	"slices"

	event "orderflow.example/schemas/warehouse"
	"orderflow.example/shared/saga"
)

// Remembered is how many receipts of a SKU are recognised as repeats. A receipt repeated after so many newer ones of the same
// SKU counts as a new one.
const Remembered = 100

// Supply is this service's state of the incoming goods of one SKU.
type Supply struct {
	SKU       string
	Receipts  []string   // ids of the last receipts, the newest at the end
	Purchases []Purchase // not yet delivered
}

// Purchase is an open order at a supplier.
type Purchase struct {
	ID          string // of the event that asks the supplier
	Replenishes string // id of the event by which inventory requested it
	Warehouse   string
	Quantity    int64
}

// BlankSupply is the supply of a SKU without events.
func BlankSupply(sku string) Supply { return Supply{SKU: sku} }

// EvolveSupply folds the service's own events about a SKU.
func EvolveSupply(s Supply, e saga.Event) Supply {
	switch d := e.Data.(type) {
	case event.PurchaseOrderedV1:
		p := Purchase{ID: e.ID, Replenishes: e.Cause, Warehouse: d.Warehouse, Quantity: d.Quantity}
		s.Purchases = append(slices.Clip(s.Purchases), p)
	case event.StockReceivedV1:
		s.Receipts = append(slices.Clip(s.Receipts), d.ReceiptID)
		s.Receipts = s.Receipts[max(0, len(s.Receipts)-Remembered):]
		if i := s.purchase(d.ReceiptID); i >= 0 {
			s.Purchases = slices.Concat(s.Purchases[:i], s.Purchases[i+1:])
		}
	}
	return s
}

func (s Supply) purchase(id string) int {
	return slices.IndexFunc(s.Purchases, func(p Purchase) bool { return p.ID == id })
}
