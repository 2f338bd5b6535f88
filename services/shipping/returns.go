package shipping

import (
	"cmp"
	"slices"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/shipping"
	"orderflow.example/schemas/storefront"
	"orderflow.example/shared/saga"
)

// notReceived is the reason to refuse a return whose goods did not come back: lost on the way, or never sent.
const notReceived = "not_received"

// takeBack lets the customer return delivered goods that are not returned already, nor on their way back.
func takeBack(s Shipment, e storefront.ReturnRequestedV1) []saga.Event {
	if s.Return(e.ReturnID) != nil {
		return nil
	}
	here, carrier := s.goods(Delivered)
	if here == nil {
		return []saga.Event{refuse(e.ReturnID, "not_delivered")}
	}
	lines := allocate(here, s.Returns, e.Lines)
	if lines == nil {
		reason := "not_shipped"
		if all, _ := s.goods(Delivered, Dispatched); allocate(all, s.Returns, e.Lines) != nil {
			reason = "not_delivered"
		}
		return []saga.Event{refuse(e.ReturnID, reason)}
	}
	return []saga.Event{event.ReturnLabelRequested.Of(event.ReturnLabelRequestedV1{ReturnID: e.ReturnID,
		Carrier: carrier, Lines: lines})}
}

func returnLabelAnswered(s Shipment, a ReturnLabelAnswer) []saga.Event {
	r := s.Return(a.ReturnID)
	if r == nil || r.Status != ReturnAsked {
		return nil
	}
	if a.Refused != "" {
		return []saga.Event{refuse(r.ID, a.Refused)}
	}
	return []saga.Event{event.ReturnAuthorized.Of(event.ReturnAuthorizedV1{
		ReturnID: r.ID, Carrier: a.Carrier, TrackingNumber: a.TrackingNumber, Lines: r.Lines,
	})}
}

// returnAnswered receives the goods. Goods that a carrier loses on the way back are not refunded automatically: the return is
// refused, and a person settles it with the customer and the carrier.
func returnAnswered(s Shipment, a ReturnAnswer) []saga.Event {
	r := s.Return(a.ReturnID)
	if r == nil || r.Status != ReturnAuthorized {
		return nil
	}
	if !a.Back {
		return []saga.Event{refuse(r.ID, notReceived)}
	}
	return []saga.Event{event.ReturnReceived.Of(event.ReturnReceivedV1{ReturnID: r.ID, Lines: r.Lines})}
}

// giveUpReturn refuses every return that did not arrive in time and voids its label. An order has one such deadline, that of the
// return authorized last: the others had longer. For a parcel that arrives later an operator books a receipt of stock and
// refunds by hand.
func giveUpReturn(s Shipment, _ event.ReturnAuthorizedV1) (events []saga.Event) {
	for _, r := range s.Returns {
		if r.Status == ReturnAuthorized {
			events = append(events, refuse(r.ID, notReceived), voidLabel(r.ID, r.Carrier, r.TrackingNumber))
		}
	}
	return events
}

func refuse(returnID, reason string) saga.Event {
	return event.ReturnRefused.Of(event.ReturnRefusedV1{ReturnID: returnID, Reason: reason})
}

// goods are what is in the parcels of these states, in the order of their numbers, and who carried the first of them.
func (s Shipment) goods(are ...Status) (lines []schemas.Allocation, carrier string) {
	for _, p := range s.Parcels {
		if slices.Contains(are, p.Status) {
			lines, carrier = append(lines, p.Lines...), cmp.Or(carrier, p.Carrier)
		}
	}
	return lines, carrier
}

// allocate finds for each piece to be returned the warehouse it came from and the price it was sold for, in the order
// in which they were dispatched. It is nil if a piece was not dispatched, or is returned already.
func allocate(sent []schemas.Allocation, returns []Return, wanted []storefront.ReturnLine) []schemas.Allocation {
	left := make([]int64, len(sent))
	for i, l := range sent {
		left[i] = l.Quantity
	}
	take := func(quantity int64, from func(schemas.Allocation) bool) (taken []schemas.Allocation, ok bool) {
		for i, l := range sent {
			if n := min(left[i], quantity); n > 0 && from(l) {
				left[i] -= n
				quantity -= n
				l.Quantity = n
				taken = append(taken, l)
			}
		}
		return taken, quantity == 0
	}
	for _, r := range returns {
		if r.Status == ReturnRefused || r.Status == ReturnRevoked {
			continue
		}
		for _, gone := range r.Lines {
			take(gone.Quantity, func(l schemas.Allocation) bool {
				l.Quantity = gone.Quantity
				return l == gone
			})
		}
	}
	var lines []schemas.Allocation
	for _, w := range wanted {
		taken, ok := take(w.Quantity, func(l schemas.Allocation) bool { return l.SKU == w.SKU })
		if !ok || w.Quantity < 1 {
			return nil
		}
		lines = append(lines, taken...)
	}
	return lines
}
