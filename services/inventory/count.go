package inventory

import (
	"cmp"
	"slices"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/inventory"
	"orderflow.example/shared/saga"
)

// CountStock is the command of an operator who counted the pieces of a SKU in a warehouse. The same count is booked once.
var CountStock = saga.Command[Count]("count_stock").Keyed(schemas.KeyProduct)

// Count is a stock-taking of one SKU in one warehouse. Its id is the sender's.
type Count struct {
	ID        string
	Warehouse string
	Counted   int64
	Expected  *int64 // what the books said when the counting began: if they say otherwise by now, nothing is booked. nil: whatever
	Reason    string
	Request   *schemas.Request // the operator's HTTP request
}

// in finds the level of a SKU in a warehouse; false if it was never there.
func (ls Levels) in(sku, warehouse string) (Level, bool) {
	for _, l := range ls.Of(sku) {
		if l.Warehouse == warehouse {
			return l, true
		}
	}
	return Level{}, false
}

// count books the difference between the shelf and the books, but takes nothing away that is set aside for orders.
func count(s State, at saga.Event, c Count) []saga.Event {
	sku := at.Key
	level, known := s.Levels.in(sku, c.Warehouse)
	if !known || slices.Contains(s.Receipts, c.ID) || c.Expected != nil && *c.Expected != level.OnHand {
		return nil
	}
	lost := int64(0) // recalled before, and not yet let go of
	for _, h := range s.holders(sku, c.Warehouse) {
		lost += h.lost
	}
	onHand, reserved := level.OnHand-lost, level.Reserved-lost
	d := event.CountedV1{CountID: c.ID, Warehouse: c.Warehouse, Counted: c.Counted, Expected: level.OnHand,
		Difference: max(c.Counted, reserved) - onHand, Missing: max(0, reserved-c.Counted), Reason: c.Reason, Request: c.Request}
	return []saga.Event{event.Counted.About(sku, d)}
}

// afterCount tells the shop and those who wait of what was found. Of what is set aside and missing the newest orders are
// recalled, and it is written off as they let go of it, so that never more is reserved than is there. The oldest orders keep
// theirs. An order that waits for goods holds none, and goes on waiting.
func afterCount(s State, at saga.Event, d event.CountedV1) []saga.Event {
	sku, before := at.Key, s
	before.Levels = s.Levels.changed(sku, d.Warehouse, func(l *Level) { l.OnHand -= d.Difference })
	return append(consequences(before, s, []string{sku}, always), s.recallNewest(d.CountID, sku, d.Warehouse, d.Missing)...)
}

// holder is an order with pieces of a SKU set aside in a warehouse, some of which may be known to be lost.
type holder struct {
	order      string
	held, lost int64
}

// holders are those who hold pieces of the SKU in the warehouse, the newest first: ids of orders begin with their time.
func (s State) holders(sku, warehouse string) (list []holder) {
	if s.Reservation.Status == Reserved {
		list = append(list, s.Reservation.holds(s.Key, sku, warehouse))
	}
	for id, r := range s.Holding {
		if id != s.Key && r.Status == Reserved {
			list = append(list, r.holds(id, sku, warehouse))
		}
	}
	list = slices.DeleteFunc(list, func(h holder) bool { return h.held == 0 })
	slices.SortFunc(list, func(a, b holder) int { return cmp.Compare(b.order, a.order) })
	return list
}

func (r Reservation) holds(order, sku, warehouse string) holder {
	return holder{order, pieces(r.Lines, sku, warehouse), pieces(r.Lost, sku, warehouse)}
}

func pieces(lines []schemas.Allocation, sku, warehouse string) (n int64) {
	for _, l := range lines {
		if l.SKU == sku && l.Warehouse == warehouse {
			n += l.Quantity
		}
	}
	return n
}

// recallNewest tells the newest orders that hold this many pieces that they are not there.
func (s State) recallNewest(countID, sku, warehouse string, missing int64) (events []saga.Event) {
	for _, h := range s.holders(sku, warehouse) {
		n := min(missing, h.held-h.lost)
		if n == 0 {
			continue
		}
		missing -= n
		events = append(events, event.Recalled.About(h.order, event.RecalledV1{CountID: countID, SKU: sku, Warehouse: warehouse,
			Quantity: n}))
	}
	return events
}

// recall finds which goods of the order are missing. If it has let go of them meanwhile, they are written off where they are
// free, and where others have taken them those are recalled; if they have left, they were there after all.
func recall(s State, e event.RecalledV1) []saga.Event {
	missing, lost := e.Quantity, []schemas.Allocation(nil)
	hold := s.Reservation.holds(s.Key, e.SKU, e.Warehouse)
	partsWith := s.Reservation.Status == Reserved && hold.held == 0 // its parcel has left, or does not
	if s.Reservation.Status == Committed || partsWith {
		if missing = min(missing, pieces(s.Reservation.LeftOut, e.SKU, e.Warehouse)); missing == 0 {
			return nil
		}
	}
	already := hold.lost
	if s.Reservation.Status == Reserved && !partsWith {
		for _, l := range s.Reservation.Lines {
			if l.SKU != e.SKU || l.Warehouse != e.Warehouse {
				continue
			}
			known := min(already, l.Quantity)
			already -= known
			if l.Quantity = min(missing, l.Quantity-known); l.Quantity > 0 {
				missing -= l.Quantity
				lost = append(lost, l)
			}
		}
		if len(lost) == 0 {
			return nil // a repeat
		}
		return []saga.Event{event.CountedOut.Of(event.CountedOutV1{CountID: e.CountID, Missing: lost})}
	}
	var events []saga.Event
	level, _ := s.Levels.in(e.SKU, e.Warehouse)
	if free := min(missing, level.Available()); free > 0 {
		missing -= free
		events = follow(s, event.WrittenOff.About(e.SKU, event.WrittenOffV1{CountID: e.CountID, Warehouse: e.Warehouse,
			Quantity: free}), []string{e.SKU}, always)
	}
	return append(events, s.recallNewest(e.CountID, e.SKU, e.Warehouse, missing)...)
}
