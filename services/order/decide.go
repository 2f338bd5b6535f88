package order

import (
	"fmt"

	"orderflow.example/schemas"
	"orderflow.example/schemas/fraud"
	"orderflow.example/schemas/inventory"
	event "orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/shipping"
	"orderflow.example/shared/saga"
)

// The steps that wait for others, or whose events may arrive before those they belong to.
const (
	goods         = "inventory.reserved"
	awaited       = "inventory.backordered"
	reviewed      = "fraud.review_requested"
	trust         = "fraud.cleared"
	money         = "payment.authorized"
	released      = "inventory.released"
	voided        = "payment.voided"
	refunded      = "refund.issued"
	notRefunded   = "refund.failed"
	owed          = "refund.owed"
	settled       = "refund.settled"
	cameBack      = "payment.refund_reversed"
	disputed      = "payment.charged_back"
	disputeWon    = "payment.chargeback_reversed"
	left          = "shipping.dispatched"
	arrived       = "shipping.delivered"
	noLabel       = "shipping.rejected"
	notTaken      = "payment.capture_failed"
	lost          = "shipping.lost"
	returnLabel   = "shipping.return_authorized"
	returnNo      = "shipping.return_refused"
	returnArrived = "shipping.return_received"
	wish          = "storefront.cancellation_requested"
	leftOut       = "warehouse.short_picked"
)

const fillAvailable = "fill_available" // the policy of customers who accept a part of the order

// goodsAwaited extends the time limit of the order to that of its back-order.
func goodsAwaited(o Order, e inventory.BackorderedV1) []saga.Event {
	if !o.may(Backordered) || o.has(goods, "") || o.has(awaited, "") {
		return nil
	}
	return []saga.Event{
		event.Backordered.Of(event.BackorderedV1{Until: e.Until}),
		say(Backordered, "", "Not all of your goods are there yet. We keep your place in line.",
			&event.Next{By: "shop",
				Text: "We wait for them until " + day(e.Until) + ", and cancel your order if they have not come by then."}),
	}
}

func goodsReserved(o Order, e inventory.ReservedV1) []saga.Event {
	events := joined(o, event.ProgressedV1{Step: goods, Lines: e.Lines, Amount: e.Total.Amount})
	if len(events) == 1 && o.Status == Backordered {
		events = append(events, say(Backordered, "", "Your goods have come in.",
			&event.Next{Text: "We reserve your payment.", By: "shop"}))
	}
	return events
}

func moneySetAside(o Order, _ payment.AuthorizedV1) []saga.Event {
	return joined(o, event.ProgressedV1{Step: money})
}

func trusted(o Order, _ fraud.ClearedV1) []saga.Event {
	events := joined(o, event.ProgressedV1{Step: trust})
	if len(events) == 1 && o.Status == InReview {
		events = append(events, say(InReview, "", "Your order passed our review.",
			&event.Next{Text: "We reserve your goods and your payment.", By: "shop"}))
	}
	return events
}

// joined notes one of the three steps an order waits for, and confirms the order on the last.
func joined(o Order, p event.ProgressedV1) []saga.Event {
	if o.Status == "" || !o.may(Confirmed) || o.has(p.Step, "") {
		return nil
	}
	noted := event.Progressed.Of(p)
	n := Evolve(o, noted)
	if !n.has(goods, "") || !n.has(trust, "") || !n.has(money, "") {
		return []saga.Event{noted}
	}
	return []saga.Event{
		event.Confirmed.Of(event.ConfirmedV1{CustomerID: n.CustomerID, Lines: n.Lines, Total: n.Total, ShipTo: n.ShipTo,
			Partial: n.Partial, Parcels: parcelsOf(n.Lines)}),
		say(Confirmed, "", confirmedText(n), &event.Next{Text: "We choose a carrier and prepare your parcel.", By: "shop"}),
	}
}

// awaitReview extends the time limit of the order to that of a review.
func awaitReview(o Order, _ fraud.ReviewRequestedV1) []saga.Event {
	if !o.may(InReview) || o.has(reviewed, "") {
		return nil
	}
	return []saga.Event{
		event.Extended.Of(event.ExtendedV1{Reason: string(InReview)}),
		say(InReview, "", "We are taking a closer look at your order.",
			&event.Next{Text: "A person decides within seven days whether it goes on.", By: "shop"}),
	}
}

func prepared(o Order, e shipping.PreparedV1) []saga.Event {
	if !o.may(Preparing) {
		return nil
	}
	if o.Of > 1 {
		return []saga.Event{say(Preparing, "", fmt.Sprintf("Your order is being packed, in %d parcels.", o.Of),
			&event.Next{Text: "The warehouses hand them to the carriers.", By: "warehouse"})}
	}
	return []saga.Event{say(Preparing, "", "Your parcel is being packed.",
		&event.Next{Text: "The warehouse hands it to " + e.Carrier + ".", By: "warehouse"})}
}

func dispatched(o Order, e shipping.DispatchedV1) []saga.Event {
	if e.Parcel != nil {
		return parcelLeft(o, e)
	}
	if !o.may(Shipped) {
		return nil
	}
	var events []saga.Event
	if o.Partial && len(schemas.Without(o.Lines, e.Lines)) > 0 { // its event is ahead of the warehouse's
		events = reduce(o, e.ShipmentID, e.Lines)
	}
	return append(events,
		event.Shipped.Of(event.ShippedV1{ShipmentID: e.ShipmentID}),
		say(Shipped, "", "Your parcel is with "+e.Carrier+", tracking number "+e.TrackingNumber+".",
			&event.Next{Text: e.Carrier + " brings it to you.", By: "carrier"}))
}

// delivered completes the order. A parcel that was lost and is delivered after all changes nothing: it is being refunded.
func delivered(o Order, e shipping.DeliveredV1) []saga.Event {
	if e.Parcel != nil {
		return parcelArrived(o, e)
	}
	if o.Status != Shipped || o.has(lost, "") {
		return nil
	}
	return []saga.Event{
		event.Completed.Of(event.CompletedV1{Total: o.Total}),
		say(Delivered, "", "Your parcel has been delivered.", nil),
		say(Completed, "", "Your order is complete.", nil),
	}
}

// parcelLost waits for the refund, unless its event came first.
func parcelLost(o Order, e shipping.LostV1) []saga.Event {
	if e.Parcel != nil {
		return oneLost(o, e)
	}
	if o.Status != Shipped || o.has(lost, "") {
		return nil
	}
	events := []saga.Event{
		event.Progressed.Of(event.ProgressedV1{Step: lost}),
		say(Shipped, "", "The carrier lost your parcel. We are sorry.",
			&event.Next{Text: "You get " + amount(o.Total) + " back.", By: "shop"}),
	}
	if o.covered() {
		events = append(events, lostAndRefunded(o))
	}
	return events
}

func lostAndRefunded(o Order) saga.Event {
	text := "Your parcel was lost; you got " + amount(o.money(o.back())) + " back."
	if o.isOwed() {
		text = "Your parcel was lost. We owe you money, and get in touch with you about it."
	}
	return say(Cancelled, lostParcel, text, nil)
}

func (o Order) money(minor int64) schemas.Money {
	return schemas.Money{Amount: minor, Currency: o.Total.Currency}
}
