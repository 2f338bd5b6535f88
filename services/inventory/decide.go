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

// The policies of customers who accept a part of the order, and of those who may wait for the rest.
const (
	fillAvailable = "fill_available"
	fillAll       = "fill_all"
)

// The reasons why an order gets no goods.
const (
	outOfStock   = "out_of_stock"
	notRestocked = "not_restocked"
)

const inLine = "2006-01-02T15:04:05.000000Z" // times that sort as text

// reserve sets goods aside for an order, or lets it wait for them, unless the cancellation came first.
func reserve(s State, e saga.Event, d order.ValidatedV1) []saga.Event {
	if s.Reservation.Status != Unknown {
		return nil
	}
	granted, short := s.grant(d.Lines)
	switch {
	case len(short) == 0, len(granted) > 0 && d.FillPolicy == fillAvailable:
		return s.setAside(granted, d.Total.Currency, len(short) == 0)
	case d.FillPolicy == fillAll && mayWait(s, d.Backorder, short):
		backordered := event.BackorderedV1{Lines: d.Lines, Total: d.Total, Short: short,
			Since: e.Time.UTC().Format(inLine), Until: d.Backorder.Until}
		return follow(s, event.Backordered.Of(backordered), skusOf(d.Lines), onlyBetweenSomeAndNone)
	}
	return []saga.Event{event.Rejected.Of(event.RejectedV1{Reason: outOfStock, Short: short})}
}

func (s State) setAside(granted []schemas.Line, currency string, complete bool) []saga.Event {
	lines := allocate(s.Levels, granted)
	total := schemas.Money{Amount: schemas.Total(granted), Currency: currency}
	reserved := event.Reserved.Of(event.ReservedV1{Lines: lines, Total: total, Complete: complete})
	return follow(s, reserved, skusOf(granted), onlyBetweenSomeAndNone)
}

// take sets goods aside for an order that waited, once everything is there for it.
func take(s State, _ event.OfferedV1) []saga.Event {
	b := s.Reservation.Backorder
	if s.Reservation.Status != Backordered {
		return nil
	}
	granted, short := s.grant(b.Lines)
	if len(short) > 0 {
		return nil
	}
	return s.setAside(granted, b.Total.Currency, true)
}

// giveUp rejects an order that waited in vain.
func giveUp(s State, b event.BackorderedV1) []saga.Event {
	if s.Reservation.Status != Backordered {
		return nil
	}
	_, short := s.grant(b.Lines)
	rejected := event.Rejected.Of(event.RejectedV1{Reason: notRestocked, Short: short})
	return follow(s, rejected, skusOf(b.Lines), onlyBetweenSomeAndNone)
}

// release frees the goods set aside, or the order's place in line. It always emits an event, so that the order knows that nothing
// is left to compensate.
func release(s State, _ order.CancelledV1) []saga.Event {
	lines, skus := []schemas.Allocation{}, []string(nil)
	switch s.Reservation.Status {
	case Released:
		return nil
	case Committed:
		impossible(s, "was cancelled after its goods had left")
	case Reserved:
		if len(s.Reservation.Sent) > 0 {
			impossible(s, "was cancelled after some of its goods had left")
		}
		lines, skus = s.Reservation.Lines, skusOfGoods(s.Reservation.Lines)
	case Backordered:
		skus = skusOf(s.Reservation.Backorder.Lines)
	}
	released := event.ReleasedV1{Lines: lines, WrittenOff: s.Reservation.Lost, CountID: s.Reservation.Count}
	return follow(s, event.Released.Of(released), skus, alwaysIf(len(released.WrittenOff) > 0))
}

// releaseParcel frees the goods set aside for one parcel of several: all that are in its warehouse.
func releaseParcel(s State, e order.ParcelCancelledV1) []saga.Event {
	lines := schemas.Among(s.Reservation.Lines, e.Lines)
	if s.Reservation.Status != Reserved || len(lines) == 0 {
		return nil
	}
	released := event.ReleasedV1{Lines: lines, WrittenOff: schemas.Among(s.Reservation.Lost, e.Lines), ShipmentID: e.ShipmentID}
	if len(released.WrittenOff) > 0 {
		released.CountID = s.Reservation.Count
	}
	return follow(s, event.Released.Of(released), skusOfGoods(lines), alwaysIf(len(released.WrittenOff) > 0))
}

// commit takes dispatched goods off the stock: those set aside, as shipping ships nothing else. What the parcel left without is
// free again, as what a cancelled order had: whether it is gone is for a stock-taking to say. What one said is written off.
func commit(s State, e shipping.DispatchedV1) []saga.Event {
	switch s.Reservation.Status {
	case Committed:
		return nil
	case Unknown, Rejected, Backordered, Released:
		impossible(s, "left although nothing is set aside for it")
	}
	r, shipment := s.Reservation, ""
	if e.Parcel != nil {
		shipment = e.ShipmentID
		if len(schemas.Among(r.Sent, e.Lines)) > 0 {
			return nil
		}
		if r.Lines, r.Lost = schemas.Among(r.Lines, e.Lines), schemas.Among(r.Lost, e.Lines); len(r.Lines) == 0 {
			impossible(s, "left in a parcel for which nothing is set aside")
		}
	}
	out := schemas.Without(r.Lines, e.Lines)
	gone := schemas.Without(r.Lost, schemas.Without(r.Lost, out))
	d := event.CommittedV1{Lines: e.Lines, LeftOut: schemas.Without(out, gone), WrittenOff: gone, ShipmentID: shipment}
	if len(gone) > 0 {
		d.CountID = r.Count
	}
	return follow(s, event.Committed.Of(d), skusOfGoods(r.Lines), always)
}

// restock puts returned goods back on the shelf they came from.
func restock(s State, e shipping.ReturnReceivedV1) []saga.Event {
	if s.Reservation.Status != Committed && len(s.Reservation.Sent) == 0 {
		impossible(s, "came back although it had not left")
	}
	if slices.Contains(s.Reservation.Returns, e.ReturnID) {
		return nil
	}
	restocked := event.Restocked.Of(event.RestockedV1{ReturnID: e.ReturnID, Lines: e.Lines})
	return follow(s, restocked, skusOfGoods(e.Lines), always)
}

// stock adds goods received to the stock, each receipt once. More is requested at once if they do not lift the level above its
// reorder point: no other event would request a SKU that is not available to order.
func stock(s State, at saga.Event, e warehouse.StockReceivedV1) []saga.Event {
	sku := at.Key
	if slices.Contains(s.Receipts, e.ReceiptID) {
		return nil
	}
	d := event.StockedV1{ReceiptID: e.ReceiptID, Warehouse: e.Warehouse, Quantity: e.Quantity, Replenishes: e.Replenishes,
		Rest: e.Rest}
	for _, l := range s.Levels.Of(sku) {
		if l.Warehouse == e.Warehouse {
			d.ReorderPoint = l.ReorderPoint
		}
	}
	if e.ReorderPoint != nil {
		d.ReorderPoint = *e.ReorderPoint
	}
	return follow(s, event.Stocked.About(sku, d), []string{sku}, always)
}

// The shop is told of a level whenever goods came or went; by reservations only when the last piece is reserved or free again.
func always(_, _ int64) bool                          { return true }
func onlyBetweenSomeAndNone(before, after int64) bool { return (before > 0) != (after > 0) }

// alwaysIf tells the shop of goods written off as of any that left.
func alwaysIf(left bool) func(before, after int64) bool {
	if left {
		return always
	}
	return onlyBetweenSomeAndNone
}

// follow adds to an event those that follow from it for each SKU: a replenishment request if a level ran low, up to twice its
// reorder point in all and what is waited for, the new level for the shop, and what is there now for those who wait.
func follow(s State, e saga.Event, skus []string, tell func(before, after int64) bool) []saga.Event {
	events := []saga.Event{e}
	if e.Key == "" {
		e.Key = s.Key
	}
	return append(events, consequences(s, Evolve(s, e), skus, tell)...)
}

func consequences(before, after State, skus []string, tell func(before, after int64) bool) (events []saga.Event) {
	for _, sku := range skus {
		awaited := after.Waiting.before("", sku)
		for _, l := range after.Levels.Of(sku) {
			if l.low(awaited) {
				events = append(events, event.ReplenishmentRequested.About(sku, event.ReplenishmentRequestedV1{
					Warehouse: l.Warehouse, Quantity: 2*l.ReorderPoint - l.Available() + awaited}))
			}
			awaited = 0 // asked of the first warehouse
		}
		if tell(before.open(sku), after.open(sku)) {
			level := after.Levels.Total(sku)
			level.Available = after.open(sku)
			events = append(events, event.StockChanged.About(sku, level))
		}
		events = append(events, offers(before, after, sku)...)
	}
	return events
}

// skusOf lists the SKUs of lines, sorted, once each.
func skusOf(lines []schemas.Line) []string {
	return sorted(lines, func(l schemas.Line) string { return l.SKU })
}

func skusOfGoods(lines []schemas.Allocation) []string {
	return sorted(lines, func(l schemas.Allocation) string { return l.SKU })
}

func sorted[L any](lines []L, sku func(L) string) []string {
	skus := make([]string, len(lines))
	for i, l := range lines {
		skus[i] = sku(l)
	}
	slices.Sort(skus)
	return slices.Compact(skus)
}

// impossible handles a contradiction between this service and shipping, which alone decides whether a parcel leaves. No event
// would be true: the panic parks the input for an operator, and leaves the levels alone.
func impossible(s State, what string) {
	panic(fmt.Sprintf("inventory: order %s, whose reservation is %q, %s", s.Key, s.Reservation.Status, what))
}
