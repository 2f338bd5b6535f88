package order

import (
	"fmt"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/order"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/shared/saga"
)

// goodsShort goes on without goods that the warehouse did not find, if the rest is packed, or cancels.
func goodsShort(o Order, e warehouse.ShortPickedV1) []saga.Event {
	switch {
	case len(e.Packed) > 0:
	case o.Of > 1:
		return parcelShort(o, e)
	default:
		return cancel(o, shortPicked, "warehouse")
	}
	return reduce(o, e.ShipmentID, e.Packed)
}

// reduce notes that only these goods leave, once. What they cost is all that is taken from the customer, and all that an order
// which is cancelled nevertheless waits for.
func reduce(o Order, shipment string, packed []schemas.Allocation) []saga.Event {
	rest, missing := packed, schemas.Without(o.Lines, packed)
	if o.Of > 1 {
		missing = schemas.Without(schemas.Among(o.Lines, packed), packed)
		rest = schemas.Without(o.Lines, missing)
	} else if shipment = ""; o.has(leftOut, "") {
		return nil
	}
	if o.Status == "" || len(missing) == 0 {
		return nil
	}
	reduced := event.Reduced.Of(event.ReducedV1{Lines: rest, Missing: missing, Total: o.money(schemas.Worth(rest)),
		ShipmentID: shipment})
	n := Evolve(o, reduced)
	switch o.Status {
	case Cancelling:
		return append([]saga.Event{reduced}, n.ended()...)
	case Cancelled:
		return []saga.Event{reduced}
	}
	text := fmt.Sprintf("Goods were missing in the warehouse: your parcel leaves without %s. You pay %s.", countOf(missing),
		amount(n.Total))
	return []saga.Event{reduced,
		say(o.Status, "", text, &event.Next{Text: "The warehouse hands it to the carrier.", By: "warehouse"})}
}
