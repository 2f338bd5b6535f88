package warehouse

import (
	"fmt"
	"slices"

	"orderflow.example/schemas"
	"orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/shipping"
	event "orderflow.example/schemas/warehouse"
	"orderflow.example/shared/saga"
)

// pick asks the floor for a parcel, unless its cancellation came first.
func pick(p Pick, e shipping.PreparedV1) []saga.Event {
	if p.Cancelled || p.Parcel(e.ShipmentID) != nil {
		return nil
	}
	return []saga.Event{event.PickRequested.Of(event.PickRequestedV1{ShipmentID: e.ShipmentID, Lines: e.Lines, Partial: e.Partial,
		Parcel: e.Parcel})}
}

// picked ends a pick. A parcel without the missing goods leaves if it is worth anything: nothing is charged for gifts alone.
func picked(p Pick, a PickAnswer) []saga.Event {
	one := p.Parcel(a.ShipmentID)
	if one == nil || one.Status != Picking {
		return nil // cancelled meanwhile: the floor puts picked goods back
	}
	packed := event.PackedV1{ShipmentID: one.ShipmentID, Lines: a.Packed, Parcel: one.Part}
	if len(a.Missing) == 0 {
		packed.Lines = one.Lines
		return []saga.Event{event.Packed.Of(packed)}
	}
	short := event.ShortPickedV1{ShipmentID: one.ShipmentID, Missing: a.Missing}
	if schemas.Worth(a.Packed) == 0 {
		return []saga.Event{event.ShortPicked.Of(short)}
	}
	short.Packed = a.Packed
	return []saga.Event{event.ShortPicked.Of(short), event.Packed.Of(packed)}
}

// cancel stops the floor. If the floor was not asked yet, the event only keeps the order from being picked later.
func cancel(p Pick, _ order.CancelledV1) (events []saga.Event) {
	if p.Cancelled {
		return nil
	}
	for _, one := range p.Parcels {
		if one.Status != Cancelled {
			events = append(events, event.PickCancelled.Of(event.PickCancelledV1{ShipmentID: one.ShipmentID}))
		}
	}
	if len(events) == 0 {
		events = append(events, event.PickCancelled.Of(event.PickCancelledV1{}))
	}
	return events
}

// leaveOut stops the floor with one parcel, or keeps it from being picked later.
func leaveOut(p Pick, e order.ParcelCancelledV1) []saga.Event {
	if one := p.Parcel(e.ShipmentID); p.Cancelled || one != nil && one.Status == Cancelled {
		return nil
	}
	return []saga.Event{event.ParcelCancelled.Of(event.ParcelCancelledV1{ShipmentID: e.ShipmentID})}
}

// cleared has nothing to decide: it is enough that the floor was told.
func cleared(Pick, ClearAnswer) []saga.Event { return nil }

// receive emits the goods that an operator enters, once for each receipt.
func receive(s Supply, r Receipt) []saga.Event {
	if slices.Contains(s.Receipts, r.ID) {
		return nil
	}
	return []saga.Event{event.StockReceived.Of(event.StockReceivedV1{
		ReceiptID: r.ID, Warehouse: r.Warehouse, Quantity: r.Quantity, ReorderPoint: r.ReorderPoint, Request: r.Request})}
}

// purchase buys goods that inventory requests. Inventory requests more only after a delivery, so an open purchase for the
// same warehouse is a repeat.
func purchase(s Supply, e inventory.ReplenishmentRequestedV1) []saga.Event {
	if slices.ContainsFunc(s.Purchases, func(p Purchase) bool { return p.Warehouse == e.Warehouse }) {
		return nil
	}
	return []saga.Event{event.PurchaseOrdered.Of(event.PurchaseOrderedV1{SKU: s.SKU, Warehouse: e.Warehouse, Quantity: e.Quantity})}
}

// delivered receives what has arrived since, and asks for the rest.
func delivered(s Supply, a BuyAnswer) []saga.Event {
	i := s.purchase(a.PurchaseID)
	if i < 0 {
		return nil // delivered before
	}
	p := s.Purchases[i]
	arrived := p.Quantity
	if a.Arrived > 0 {
		arrived = min(a.Arrived, p.Quantity)
	}
	if arrived <= p.Received {
		return nil
	}
	receipt, rest := p.ID, p.Quantity-arrived
	if rest > 0 {
		receipt = fmt.Sprintf("%s/%d", p.ID, arrived)
	}
	events := []saga.Event{event.StockReceived.Of(event.StockReceivedV1{ReceiptID: receipt, Warehouse: p.Warehouse,
		Quantity: arrived - p.Received, Replenishes: p.Replenishes, Rest: rest})}
	if rest > 0 {
		events = append(events, event.RestAwaited.Of(event.RestAwaitedV1{PurchaseID: p.ID, Arrived: arrived, Rest: rest}))
	}
	return events
}
