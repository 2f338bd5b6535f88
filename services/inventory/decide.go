package inventory

import (
	"fmt"
	"slices"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/shipping"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/shared/saga"
)

// fillAvailable is the policy of customers who accept a partial order. The two others, fill_all and fill_or_kill, take all
// or nothing; they will differ once goods can be back-ordered.
const fillAvailable = "fill_available"

// reserve sets goods aside for an order, unless the cancellation came first.
func reserve(s State, e order.ValidatedV1) []saga.Event {
	if s.Reservation.Status != Unknown {
		return nil
	}
	granted, short := grant(s.Levels, e.Lines)
	if len(granted) == 0 || len(short) > 0 && e.FillPolicy != fillAvailable {
		return []saga.Event{event.Rejected.Of(event.RejectedV1{Reason: "out_of_stock", Short: short})}
	}
	lines := allocate(s.Levels, granted)
	total := schemas.Money{Amount: schemas.Total(granted), Currency: e.Total.Currency}
	reserved := event.Reserved.Of(event.ReservedV1{Lines: lines, Total: total, Complete: len(short) == 0})
	return follow(s, reserved, skusOf(lines), onlyBetweenSomeAndNone)
}

// release frees the goods set aside. It always emits an event, so that the order knows that nothing is left to compensate.
func release(s State, _ order.CancelledV1) []saga.Event {
	switch s.Reservation.Status {
	case Released:
		return nil
	case Committed:
		impossible(s, "was cancelled after its goods had left")
	}
	lines := []schemas.Allocation{}
	if s.Reservation.Status == Reserved {
		lines = s.Reservation.Lines
	}
	return follow(s, event.Released.Of(event.ReleasedV1{Lines: lines}), skusOf(lines), onlyBetweenSomeAndNone)
}

// commit takes dispatched goods off the stock: those set aside, as shipping ships nothing else.
func commit(s State, _ shipping.DispatchedV1) []saga.Event {
	switch s.Reservation.Status {
	case Committed:
		return nil
	case Unknown, Rejected, Released:
		impossible(s, "left although nothing is set aside for it")
	}
	lines := s.Reservation.Lines
	return follow(s, event.Committed.Of(event.CommittedV1{Lines: lines}), skusOf(lines), always)
}

// restock puts returned goods back on the shelf they came from.
func restock(s State, e shipping.ReturnReceivedV1) []saga.Event {
	if s.Reservation.Status != Committed {
		impossible(s, "came back although it had not left")
	}
	if slices.Contains(s.Reservation.Returns, e.ReturnID) {
		return nil
	}
	restocked := event.Restocked.Of(event.RestockedV1{ReturnID: e.ReturnID, Lines: e.Lines})
	return follow(s, restocked, skusOf(e.Lines), always)
}

// stock adds goods received to the stock, each receipt once. More is requested at once if they do not lift the level above its
// reorder point: no other event would request a SKU that is not available to order.
func stock(s State, e warehouse.StockReceivedV1) []saga.Event {
	if slices.Contains(s.Receipts, e.ReceiptID) {
		return nil
	}
	d := event.StockedV1{ReceiptID: e.ReceiptID, Warehouse: e.Warehouse, Quantity: e.Quantity, Replenishes: e.Replenishes}
	for _, l := range s.Levels.Of(s.Key) {
		if l.Warehouse == e.Warehouse {
			d.ReorderPoint = l.ReorderPoint
		}
	}
	if e.ReorderPoint != nil {
		d.ReorderPoint = *e.ReorderPoint
	}
	return follow(s, event.Stocked.About(s.Key, d), []string{s.Key}, always)
}

// The shop is told of a level whenever goods came or went; by reservations only when the last piece is reserved or free again.
func always(_, _ int64) bool                          { return true }
func onlyBetweenSomeAndNone(before, after int64) bool { return (before > 0) != (after > 0) }

// follow adds to an event those that follow from it for each SKU: a replenishment request if a level ran low, up to twice its
// reorder point in all, and the new level for the shop.
func follow(s State, e saga.Event, skus []string, tell func(before, after int64) bool) []saga.Event {
	after := Evolve(s, e).Levels
	events := []saga.Event{e}
	for _, sku := range skus {
		for _, l := range after.Of(sku) {
			if l.low() {
				events = append(events, event.ReplenishmentRequested.About(sku, event.ReplenishmentRequestedV1{
					Warehouse: l.Warehouse, Quantity: 2*l.ReorderPoint - l.Available()}))
			}
		}
		if tell(s.Levels.Available(sku), after.Available(sku)) {
			events = append(events, event.StockChanged.About(sku, after.Total(sku)))
		}
	}
	return events
}

// skusOf lists the SKUs of lines, sorted, once each.
func skusOf(lines []schemas.Allocation) []string {
	skus := make([]string, len(lines))
	for i, l := range lines {
		skus[i] = l.SKU
	}
	slices.Sort(skus)
	return slices.Compact(skus)
}

// impossible handles a contradiction between this service and shipping, which alone decides whether a parcel leaves. No event
// would be true: the panic parks the input for an operator, and leaves the levels alone.
func impossible(s State, what string) {
	panic(fmt.Sprintf("inventory: order %s, whose reservation is %q, %s", s.Key, s.Reservation.Status, what))
}
