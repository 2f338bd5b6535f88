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

// returnReceived counts the goods that came back; the event of their refund may have come first.
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

// refundFailed leaves the status as it is: the gateway is asked again, and the customer is told.
func refundFailed(o Order, e refund.FailedV1) []saga.Event {
	return once(o, notRefunded, e.RefundID, "We could not yet give you "+amount(e.Amount)+" back.",
		&event.Next{Text: "We try again tomorrow.", By: "shop"})
}

// once tells the customer of a step that does not change the status. Its event may arrive before that of the order itself: a
// return requested at once. Then it is only noted.
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

// refundIssued counts the money refunded. Its event may arrive before shipping's event that the parcel was lost or came back,
// which then finds it noted.
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
