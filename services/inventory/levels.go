package inventory

import (
	"cmp"
	"slices"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/inventory"
)

// Level is how much of a SKU one warehouse has. Reserved never exceeds OnHand, and neither is ever negative.
type Level struct {
	SKU           string
	Warehouse     string
	OnHand        int64  // on the shelf, reserved or not
	Reserved      int64  // set aside for orders
	OnOrder       int64  // requested and not yet received
	ReorderPoint  int64  // more is requested at or below this availability; 0: never
	Replenishment string // the id of the event that requested the goods on order
}

// Available is how much can still be reserved.
func (l Level) Available() int64 { return l.OnHand - l.Reserved }

// low tells whether more should be requested, where so much is waited for.
func (l Level) low(awaited int64) bool {
	return l.ReorderPoint > 0 && l.Available()-awaited <= l.ReorderPoint && l.OnOrder == 0
}

// Levels are the levels of some SKUs, by SKU, then warehouse. They are never changed in place.
type Levels []Level

// Of returns the levels of one SKU, over all warehouses.
func (ls Levels) Of(sku string) Levels {
	start, _ := slices.BinarySearchFunc(ls, sku, func(l Level, sku string) int { return cmp.Compare(l.SKU, sku) })
	end := start
	for end < len(ls) && ls[end].SKU == sku {
		end++
	}
	return ls[start:end:end]
}

// Available is how much of a SKU can still be reserved, over all warehouses.
func (ls Levels) Available(sku string) int64 {
	var sum int64
	for _, l := range ls.Of(sku) {
		sum += l.Available()
	}
	return sum
}

// Total is the level of a SKU over all warehouses.
func (ls Levels) Total(sku string) (t event.StockChangedV1) {
	for _, l := range ls.Of(sku) {
		t.OnHand, t.Reserved, t.Available = t.OnHand+l.OnHand, t.Reserved+l.Reserved, t.Available+l.Available()
	}
	return t
}

// moved is a copy in which each line's level was changed by its quantity.
func (ls Levels) moved(lines []schemas.Allocation, change func(l *Level, quantity int64)) Levels {
	next := slices.Clone(ls)
	for _, line := range lines {
		change(next.at(line.SKU, line.Warehouse), line.Quantity)
	}
	return next
}

// changed is a copy in which one level was changed.
func (ls Levels) changed(sku, warehouse string, change func(l *Level)) Levels {
	next := slices.Clone(ls)
	change(next.at(sku, warehouse))
	return next
}

// at finds a level, in place, and makes it if need be.
func (ls *Levels) at(sku, warehouse string) *Level {
	i, found := slices.BinarySearchFunc(*ls, Level{SKU: sku, Warehouse: warehouse}, compare)
	if !found {
		*ls = slices.Insert(*ls, i, Level{SKU: sku, Warehouse: warehouse})
	}
	return &(*ls)[i]
}

func compare(a, b Level) int {
	return cmp.Or(cmp.Compare(a.SKU, b.SKU), cmp.Compare(a.Warehouse, b.Warehouse))
}

// Sort sorts levels by SKU and warehouse, in place.
func (ls Levels) Sort() { slices.SortFunc(ls, compare) }
