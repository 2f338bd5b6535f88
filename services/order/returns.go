package order

import (
	event "orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	"orderflow.example/shared/saga"
)

func returnAuthorized(o Order, e shipping.ReturnAuthorizedV1) []saga.Event {
	return once(o, event.ProgressedV1{Step: returnLabel, Ref: e.ReturnID},
		"Your return label is ready: "+e.Carrier+", tracking number "+e.TrackingNumber+".",
		&event.Next{Text: "Send the goods back with it.", By: "customer"})
}

func returnRefused(o Order, e shipping.ReturnRefusedV1) []saga.Event {
	return once(o, event.ProgressedV1{Step: returnNo, Ref: e.ReturnID}, "We cannot take these goods back: "+plain(e.Reason)+".", nil)
}

// returnReceived counts the goods that came back; the event of their refund may have come first.
func returnReceived(o Order, e shipping.ReturnReceivedV1) []saga.Event {
	early := o.Status == Shipped && o.Of > 1 // others of its parcels are on their way
	if o.Status != Completed && !early || o.has(returnArrived, e.ReturnID) {
		return nil
	}
	noted := event.Progressed.Of(event.ProgressedV1{Step: returnArrived, Ref: e.ReturnID, Lines: e.Lines})
	if !early && Evolve(o, noted).allReturned() {
		return []saga.Event{noted, say(Returned, "", returnedText, nil)}
	}
	return []saga.Event{noted, say(o.Status, "", "Your return has arrived.",
		&event.Next{Text: "You get the money for it back.", By: "shop"})}
}

// refundFailed leaves the status as it is: the gateway is asked again, and the customer is told. What was
// refunded before, and did not arrive, does not count any more.
func refundFailed(o Order, e refund.FailedV1) []saga.Event {
	p, text := event.ProgressedV1{Step: notRefunded, Ref: e.RefundID}, "We could not yet give you "+amount(e.Amount)+" back."
	if o.has(refunded, e.RefundID) {
		p = event.ProgressedV1{Step: cameBack, Ref: e.RefundID, Amount: e.Amount.Amount, ShipmentID: e.ShipmentID}
		text = "The " + amount(e.Amount) + " that we gave you back did not arrive."
	}
	return once(o, p, text, &event.Next{Text: "We try again tomorrow.", By: "shop"})
}

// refundOwed ends an order that waited for this refund alone.
func refundOwed(o Order, e refund.OwedV1) []saga.Event {
	p := event.ProgressedV1{Step: owed, Ref: e.RefundID}
	n := Evolve(o, event.Progressed.Of(p))
	switch {
	case o.Status == Cancelling:
		return undone(o, p)
	case n.allLost() && !o.has(p.Step, p.Ref):
		return []saga.Event{event.Progressed.Of(p), lostAndRefunded(n)}
	}
	return once(o, p, "We owe you "+amount(e.Amount)+".", &event.Next{Text: "We get in touch with you about it.", By: "shop"})
}

// once tells the customer of a step that does not change the status. Its event may arrive before that of the order itself: a
// return requested at once. Then it is only noted.
func once(o Order, p event.ProgressedV1, text string, next *event.Next) []saga.Event {
	if o.has(p.Step, p.Ref) {
		return nil
	}
	events := []saga.Event{event.Progressed.Of(p)}
	if o.Status != "" {
		events = append(events, say(o.Status, "", text, next))
	}
	return events
}

// refundIssued counts the money refunded. Its event may arrive before shipping's event that the parcel was lost or came back,
// which then finds it noted.
func refundIssued(o Order, e refund.IssuedV1) []saga.Event {
	p := event.ProgressedV1{Step: refunded, Ref: e.RefundID, Amount: e.Amount.Amount, ShipmentID: e.ShipmentID}
	return moneyBack(o, p, "You got "+amount(e.Amount)+" back.", e.Reason == "lost" && !o.isLost(e.ShipmentID))
}

// refundSettled counts what was owed and a person gave back.
func refundSettled(o Order, e refund.SettledV1) []saga.Event {
	p := event.ProgressedV1{Step: settled, Ref: e.SettlementID, Amount: e.Amount.Amount, ShipmentID: e.ShipmentID}
	return moneyBack(o, p, "You got the "+amount(e.Amount)+" that we owed you.", false)
}

// chargedBack counts the money that the customer's bank took back for them.
func chargedBack(o Order, e payment.ChargedBackV1) []saga.Event {
	p := event.ProgressedV1{Step: disputed, Ref: e.DisputeID, Amount: e.Amount.Amount}
	return moneyBack(o, p, "Your bank took "+amount(e.Amount)+" back for you; we look into it with them.", false)
}

// moneyBack notes money that the customer has back, and the end of an order that waited for it.
func moneyBack(o Order, p event.ProgressedV1, text string, silent bool) []saga.Event {
	if o.Status == Cancelling {
		return undone(o, p)
	}
	if o.Status == "" || o.has(p.Step, p.Ref) {
		return nil
	}
	noted := event.Progressed.Of(p)
	n := Evolve(o, noted)
	switch {
	case n.allLost() && n.lossCovered():
		return []saga.Event{noted, lostAndRefunded(n)}
	case n.Status == Completed && n.allReturned():
		return []saga.Event{noted, say(Returned, "", returnedText, nil)}
	case silent:
		return []saga.Event{noted}
	}
	return []saga.Event{noted, say(n.Status, "", text, nil)}
}

// chargebackReversed leaves the status as it is. What the shop owes nevertheless it gives back itself.
func chargebackReversed(o Order, e payment.ChargebackReversedV1) []saga.Event {
	return once(o, event.ProgressedV1{Step: disputeWon, Ref: e.DisputeID, Amount: e.Amount.Amount},
		"Your bank decided that "+amount(e.Amount)+" are ours.", nil)
}
