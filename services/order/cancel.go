package order

import (
	"cmp"

	"orderflow.example/schemas/inventory"
	event "orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/shipping"
	"orderflow.example/schemas/storefront"
	"orderflow.example/shared/saga"
)

// The reasons for which an order is cancelled.
const (
	fraudSuspected  = event.ReasonFraudSuspected
	outOfStock      = event.ReasonOutOfStock
	paymentDeclined = event.ReasonPaymentDeclined
	paymentUnknown  = event.ReasonPaymentUnknown
	paymentExpired  = event.ReasonPaymentExpired
	captureFailed   = event.ReasonCaptureFailed
	noCarrier       = event.ReasonNoCarrier
	shortPicked     = event.ReasonShortPicked
	timedOut        = event.ReasonTimedOut
	notDispatched   = event.ReasonNotDispatched
	customerRequest = event.ReasonCustomerRequest
	shopRequest     = event.ReasonShopRequest
	lostParcel      = event.ReasonParcelLost
)

// cancel ends an order that has not shipped. Each service that did something for it compensates that and emits an event.
func cancel(o Order, reason, by string) []saga.Event {
	if !o.may(Cancelling) {
		return nil
	}
	return []saga.Event{
		event.Cancelled.Of(event.CancelledV1{Reason: reason, By: by}),
		say(Cancelling, reason, "Your order is being cancelled: "+because[reason]+".",
			&event.Next{Text: "We let go of the goods and of your money.", By: "shop"}),
	}
}

func confirmationLate(o Order, _ event.ValidatedV1) []saga.Event {
	if o.Status != Placed {
		return nil
	}
	return cancel(o, timedOut, "deadline")
}

func reviewLate(o Order, _ event.ExtendedV1) []saga.Event {
	if o.Status != InReview {
		return nil
	}
	return cancel(o, timedOut, "deadline")
}

// backorderLate ends an order whose goods came too late to be paid and confirmed. Without goods the inventory has ended it
// before.
func backorderLate(o Order, _ event.BackorderedV1) []saga.Event {
	if !o.may(Confirmed) || o.Status == "" {
		return nil
	}
	return cancel(o, timedOut, "deadline")
}

// dispatchLate asks shipping to stop; only shipping knows whether the parcel is still there.
func dispatchLate(o Order, _ event.ConfirmedV1) []saga.Event {
	if !o.MayStop() || o.Withdrawal != "" {
		return nil
	}
	if o.Of > 1 {
		return askToStop(o, notDispatched, "Your parcels should be on their way by now, and not all are.")
	}
	return askToStop(o, notDispatched, "Your parcel should be on its way by now and is not.")
}

// withdraw cancels at the request of the customer or an operator: at once before the confirmation, through shipping afterwards.
// If shipping was asked already, because time is up, its answer serves here as well.
func withdraw(o Order, e storefront.CancellationRequestedV1) []saga.Event {
	if e.Operator != "" {
		return withdrawForShop(o)
	}
	if o.has(wish, "") {
		return nil
	}
	switch o.Status {
	case Placed, InReview, Backordered:
		return cancel(o, customerRequest, "customer")
	}
	if o.MayStop() {
		return append([]saga.Event{event.Progressed.Of(event.ProgressedV1{Step: wish})}, stopAsWished(o)...)
	}
	switch o.Status {
	case Shipped, Delivered, Completed, Returned:
		return tooLate(o, string(o.Status))
	}
	return nil // not placed yet, or already cancelled or rejected
}

// withdrawForShop does not tell the customer of a request that comes too late: they did not make it. While shipping is asked
// already, its answer serves here as well, whoever had it asked: a refusal before would leave that one without.
func withdrawForShop(o Order) []saga.Event {
	if o.Withdrawal != "" {
		return nil
	}
	switch o.Status {
	case Placed, InReview, Backordered:
		return cancel(o, shopRequest, "operator")
	}
	if o.MayStop() {
		return askToStop(o, shopRequest, "We try to stop your parcel: "+because[shopRequest]+".")
	}
	switch o.Status {
	case Shipped, Delivered, Completed, Returned:
		return []saga.Event{event.CancellationRefused.Of(event.CancellationRefusedV1{Reason: string(o.Status)})}
	}
	return nil
}

// goodsMissing ends an order whose goods a stock-taking did not find: at once before the confirmation. Afterwards shipping is
// asked whether they have left; if it was asked already, its answer serves here as well.
func goodsMissing(o Order, _ inventory.CountedOutV1) []saga.Event {
	switch o.Status {
	case Placed, InReview, Backordered:
		return cancel(o, shortPicked, "inventory")
	}
	if o.MayStop() && o.Withdrawal == "" {
		return askToStop(o, shortPicked, "Goods of your order are missing in the warehouse.")
	}
	return nil
}

// MayStop tells whether shipping may still be asked to keep back the parcel, or those of several that have not left.
func (o Order) MayStop() bool {
	return o.Status == Confirmed || o.Status == Preparing || o.Status == Shipped && o.here() > 0
}

func stopAsWished(o Order) []saga.Event {
	const text = "You asked us to cancel; we are trying to stop your parcel."
	if o.Withdrawal != "" {
		return []saga.Event{say(o.Status, "", text, ifNotLeft)}
	}
	return askToStop(o, customerRequest, text)
}

var ifNotLeft = &event.Next{Text: "Shipping stops it if it has not left.", By: "shop"}

func askToStop(o Order, reason, text string) []saga.Event {
	return []saga.Event{
		event.WithdrawalRequested.Of(event.WithdrawalRequestedV1{Reason: reason}),
		say(o.Status, "", text, ifNotLeft),
	}
}

// stoppedBy has, by the reason for which shipping was asked to stop, who cancels.
var stoppedBy = map[string]string{customerRequest: "customer", shopRequest: "operator", notDispatched: "deadline",
	shortPicked: "inventory", captureFailed: "payment", noCarrier: "shipping"}

func withdrawn(o Order, e shipping.WithdrawnV1) []saga.Event {
	if e.ShipmentID != "" {
		return parcelOff(o, e)
	}
	reason := o.Withdrawal
	if o.Of > 1 {
		reason = cmp.Or(reason, e.Reason) // the answer to an earlier request has told of some of the parcels
	}
	if by := stoppedBy[reason]; by != "" {
		return cancel(o, reason, by)
	}
	return nil
}

func withdrawalRefused(o Order, e shipping.WithdrawalRefusedV1) []saga.Event {
	switch {
	case o.Withdrawal == "":
		return nil
	case o.has(wish, "") || o.Withdrawal == customerRequest:
		return tooLate(o, e.Reason)
	default:
		return []saga.Event{
			event.CancellationRefused.Of(event.CancellationRefusedV1{Reason: e.Reason}),
			say(o.Status, "", "Your parcel has left after all.", nil),
		}
	}
}

func tooLate(o Order, reason string) []saga.Event {
	var next *event.Next
	if o.Status != Returned {
		next = &event.Next{Text: "Once it is there you can send it back.", By: "customer"}
	}
	return []saga.Event{
		event.CancellationRefused.Of(event.CancellationRefusedV1{Reason: reason}),
		say(o.Status, "", "It is too late to cancel: your parcel has left.", next),
	}
}

func goodsReleased(o Order, e inventory.ReleasedV1) []saga.Event {
	if e.ShipmentID != "" {
		return nil // the order goes on
	}
	return undone(o, event.ProgressedV1{Step: released})
}

func moneyReleased(o Order, e payment.VoidedV1) []saga.Event {
	step := event.ProgressedV1{Step: voided, Captured: e.Captured}
	if e.Amount != nil {
		step.Amount = e.Amount.Amount
	}
	if o.Of > 1 && o.Status != Cancelling { // what was set aside for a parcel that does not leave; the order may yet be cancelled
		if o.has(voided, "") {
			return nil
		}
		return []saga.Event{event.Progressed.Of(step)}
	}
	return undone(o, step)
}

// undone notes that a step of a cancelled order is compensated; with the last one the order is cancelled. The money is back
// once the authorisation is voided, or everything captured is refunded.
func undone(o Order, p event.ProgressedV1) []saga.Event {
	if o.Status != Cancelling || o.has(p.Step, p.Ref) {
		return nil
	}
	noted := event.Progressed.Of(p)
	return append([]saga.Event{noted}, Evolve(o, noted).ended()...)
}

// ended tells the customer that a cancelled order has ended, once everything is compensated.
func (o Order) ended() []saga.Event {
	nothingKept := o.has(voided, "") && o.back() >= o.Taken
	if !o.has(released, "") || !nothingKept && !o.covered() {
		return nil
	}
	text := "Your order is cancelled: " + because[o.Reason] + ". You were not charged."
	switch {
	case o.isOwed():
		text = "Your order is cancelled: " + because[o.Reason] + ". We owe you money, and get in touch with you about it."
	case o.back() > 0:
		text = "Your order is cancelled: " + because[o.Reason] + ". You got " + amount(o.money(o.back())) + " back."
	}
	return []saga.Event{say(Cancelled, o.Reason, text, nil)}
}
