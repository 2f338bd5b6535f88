package storefront

import (
	"slices"

	event "orderflow.example/schemas/storefront"
	"orderflow.example/shared/saga"
)

// place takes an order once: an order id that was used is answered with nothing, so that placing can be repeated.
func place(o Order, e event.OrderPlacedV1) []saga.Event {
	if o.Exists() {
		return nil
	}
	return []saga.Event{event.OrderPlaced.Of(e)}
}

// cancel passes the wish on, once. Whether it comes too late is decided by those who hear of it.
func cancel(o Order, e event.CancellationRequestedV1) []saga.Event {
	if !o.Exists() || o.Cancelling {
		return nil
	}
	return []saga.Event{event.CancellationRequested.Of(e)}
}

// sendBack passes a return on, once, if it asks for no more than was ordered and not sent back before. What arrived is only
// shown here, not known for sure: the shipping service decides about that.
func sendBack(o Order, e event.ReturnRequestedV1) []saga.Event {
	if slices.ContainsFunc(o.Returns, func(r Return) bool { return r.ID == e.ReturnID }) {
		return nil
	}
	left := o.Returnable(o.Placed.Lines)
	for _, l := range e.Lines {
		if left[l.SKU] -= l.Quantity; left[l.SKU] < 0 {
			return nil
		}
	}
	return []saga.Event{event.ReturnRequested.Of(e)}
}
