package storefront

import (
	"slices"

	event "orderflow.example/schemas/storefront"
	"orderflow.example/shared/saga"
)

// place emits an order once: a repeat with the same order id emits nothing, so that placing can be retried.
func place(o Order, e event.OrderPlacedV1) []saga.Event {
	if o.Exists() {
		return nil
	}
	return []saga.Event{event.OrderPlaced.Of(e)}
}

// cancel emits the request once. Its consumers decide whether it comes too late.
func cancel(o Order, e event.CancellationRequestedV1) []saga.Event {
	if !o.Exists() || o.Cancelling {
		return nil
	}
	return []saga.Event{event.CancellationRequested.Of(e)}
}

// sendBack emits a return once, if it asks for no more than was ordered and not sent back before. Deliveries are only a
// projection here and may lag: the shipping service decides about them.
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
