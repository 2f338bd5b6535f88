package order

import (
	event "orderflow.example/schemas/order"
	"orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	"orderflow.example/shared/saga"
)

func returnAuthorized(o Order, e shipping.ReturnAuthorizedV1) []saga.Event {
	return once(o, returnLabel, e.ReturnID, "Your return label is ready: "+e.Carrier+", tracking number "+e.TrackingNumber+".",
		&event.Next{Text: "Send the goods back with it.", By: "customer"})
}

func returnRefused(o Order, e shipping.ReturnRefusedV1) []saga.Event {
	return once(o, returnNo, e.ReturnID, "We cannot take these goods back: "+plain(e.Reason)+".", nil)
}

// returnReceived counts what came back; its refund may have been heard of first.
func returnReceived(o Order, e shipping.ReturnReceivedV1) []saga.Event {
	if o.Status != Completed || o.has(returnArrived, e.ReturnID) {
		return nil
	}
	noted := event.Progressed.Of(event.ProgressedV1{Step: returnArrived, Ref: e.ReturnID, Lines: e.Lines})
	if Evolve(o, noted).allReturned() {
		return []saga.Event{noted, say(Returned, "", returnedText, nil)}
	}
	return []saga.Event{noted, say(Completed, "", "Your return has arrived.",
		&event.Next{Text: "You get the money for it back.", By: "shop"})}
}

// refundFailed leaves the order where it is: the gateway is asked again, and the customer knows.
func refundFailed(o Order, e refund.FailedV1) []saga.Event {
	return once(o, notRefunded, e.RefundID, "We could not yet give you "+amount(e.Amount)+" back.",
		&event.Next{Text: "We try again tomorrow.", By: "shop"})
}

// once tells the customer of something that does not change where the order stands. It may be heard before the order
// itself: a return that is asked for at once. Then it is only noted.
func once(o Order, step, ref, text string, next *event.Next) []saga.Event {
	if o.has(step, ref) {
		return nil
	}
	events := []saga.Event{event.Progressed.Of(event.ProgressedV1{Step: step, Ref: ref})}
	if o.Status != "" {
		events = append(events, say(o.Status, "", text, next))
	}
	return events
}

// refundIssued counts what is back with the customer. It may be heard before shipping's word that the parcel was lost
// or came back, which then finds it noted.
func refundIssued(o Order, e refund.IssuedV1) []saga.Event {
	p := event.ProgressedV1{Step: refunded, Ref: e.RefundID, Amount: e.Amount.Amount}
	if o.Status == Cancelling {
		return undone(o, p)
	}
	if o.Status == "" || o.has(p.Step, p.Ref) {
		return nil
	}
	noted := event.Progressed.Of(p)
	n := Evolve(o, noted)
	switch {
	case n.Status == Shipped && n.has(lost, "") && n.covered():
		return []saga.Event{noted, lostAndRefunded(n)}
	case n.Status == Completed && n.allReturned():
		return []saga.Event{noted, say(Returned, "", returnedText, nil)}
	case e.Reason == "lost" && !n.has(lost, ""):
		return []saga.Event{noted}
	}
	return []saga.Event{noted, say(n.Status, "", "You got "+amount(e.Amount)+" back.", nil)}
}
