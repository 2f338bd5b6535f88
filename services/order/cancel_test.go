package order_test

import (
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/schemas/fraud"
	"orderflow.example/schemas/inventory"
	event "orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	"orderflow.example/schemas/storefront"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/services/order"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

var moneyBack = refund.Issued.Of(refund.IssuedV1{RefundID: "r1", Reason: "cancelled", Amount: pounds(700)})

func TestEachFailureBeforeTheHandOverCancelsWithItsReason(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		after      []saga.Event
		failure    saga.Event
		reason, by string
	}{
		{toConfirmed[:1], fraud.Rejected.Of(fraud.RejectedV1{}), "fraud_suspected", "fraud"},
		{[]saga.Event{placed, reviewing}, fraud.Rejected.Of(fraud.RejectedV1{By: "operator"}), "fraud_suspected", "fraud"},
		{toConfirmed[:1], inventory.Rejected.Of(inventory.RejectedV1{}), "out_of_stock", "inventory"},
		{toConfirmed[:3], payment.Declined.Of(payment.DeclinedV1{}), "payment_declined", "payment"},
		{toConfirmed[:3], payment.OutcomeUnknown.Of(payment.OutcomeUnknownV1{}), "payment_unknown", "payment"},
		{toConfirmed, payment.CaptureFailed.Of(payment.CaptureFailedV1{}), "capture_failed", "payment"},
		{toPreparing, payment.CaptureFailed.Of(payment.CaptureFailedV1{}), "capture_failed", "payment"},
		{toConfirmed, shipping.Rejected.Of(shipping.RejectedV1{}), "no_carrier", "shipping"},
		{toPreparing, warehouse.ShortPicked.Of(warehouse.ShortPickedV1{}), "short_picked", "warehouse"},
	} {
		d := at(t, c.after...).When(c.failure).ThenKinds(event.Cancelled, event.StatusChanged)
		if got := d.Emitted()[0].Data.(event.CancelledV1); got != (event.CancelledV1{Reason: c.reason, By: c.by}) {
			t.Errorf("%s: cancelled %+v", c.failure.Type, got)
		}
		if told := status(t, d, order.Cancelling, false); told.Reason != c.reason {
			t.Errorf("%s: told %+v", c.failure.Type, told)
		}
		for _, late := range []saga.Event{c.failure, reserved, cleared, paid, reviewing, prepared, handed, arrived,
			stopped, notStop, wantsOut} {
			d.When(late).Then()
		}
		d.When(released).ThenKinds(event.Progressed)
		status(t, d.When(voided), order.Cancelled, true)
	}
}

func TestAfterTheHandOverNothingCancels(t *testing.T) {
	t.Parallel()
	for _, heard := range [][]saga.Event{toShipped, toCompleted} {
		d := at(t, heard...)
		for _, late := range []saga.Event{payment.CaptureFailed.Of(payment.CaptureFailedV1{}), stopped, released, voided} {
			d.When(late).Then()
		}
		d.Expired(confirmed).Then()
		d.Expired(validated).Then()
	}
}

func TestAnOrderIsCancelledOnceGoodsAndMoneyAreFreeInAnyOrder(t *testing.T) {
	t.Parallel()
	for _, undone := range [][2]saga.Event{{released, voided}, {voided, released}, {released, moneyBack}, {moneyBack, released}} {
		d := at(t, toPreparing...).When(warehouse.ShortPicked.Of(warehouse.ShortPickedV1{}))
		d.When(undone[0]).ThenKinds(event.Progressed)
		d.When(undone[0]).Then()
		d.When(undone[1]).ThenKinds(event.Progressed, event.StatusChanged)
		if told := status(t, d, order.Cancelled, true); told.Reason != "short_picked" {
			t.Fatalf("told %+v", told)
		}
		d.When(undone[1]).Then()
	}
}

func TestAPartialRefundDoesNotMakeACancelledOrderWhole(t *testing.T) {
	t.Parallel()
	part := refund.Issued.Of(refund.IssuedV1{RefundID: "r1", Reason: "cancelled", Amount: pounds(699)})
	rest := refund.Issued.Of(refund.IssuedV1{RefundID: "r2", Reason: "cancelled", Amount: pounds(1)})
	d := at(t, toPreparing...).When(warehouse.ShortPicked.Of(warehouse.ShortPickedV1{}))
	d.When(released).When(part).ThenKinds(event.Progressed)
	status(t, d.When(rest), order.Cancelled, true)
}

func TestTheCustomerCancelsAtOnceWhileNothingIsConfirmed(t *testing.T) {
	t.Parallel()
	cancelled := event.Cancelled.Of(event.CancelledV1{Reason: "customer_request", By: "customer"})
	for _, heard := range [][]saga.Event{toConfirmed[:1], toConfirmed[:2], toConfirmed[:3], {placed, reviewing}} {
		d := at(t, heard...).When(wantsOut).ThenKinds(event.Cancelled, event.StatusChanged)
		if got := d.Emitted()[0]; got.Data != cancelled.Data {
			t.Fatalf("emitted %+v", got)
		}
		d.When(wantsOut).Then()
		d.When(voided).When(released)
		status(t, d, order.Cancelled, true)
		d.When(wantsOut).Then()
	}
}

func TestOnceConfirmedShippingDecidesWhetherTheOrderIsCancelled(t *testing.T) {
	t.Parallel()
	for _, heard := range [][]saga.Event{toConfirmed, toPreparing} {
		d := at(t, heard...)
		before := d.State().(order.Order).Status
		status(t, d.When(wantsOut).ThenKinds(event.Progressed, event.WithdrawalRequested, event.StatusChanged), before, false)
		d.When(wantsOut).Then()
		d.Expired(confirmed).Then()
		d.When(stopped).ThenKinds(event.Cancelled, event.StatusChanged)
		d.When(stopped).Then()

		d = at(t, heard...).When(wantsOut).When(handed)
		d.When(wantsOut).Then()
		status(t, d.When(notStop).ThenKinds(event.CancellationRefused, event.StatusChanged), order.Shipped, false)
		d.When(notStop).Then()
	}
}

func TestAShippedOrderIsNotCancelled(t *testing.T) {
	t.Parallel()
	status(t, at(t, toShipped...).When(wantsOut).ThenKinds(event.CancellationRefused, event.StatusChanged), order.Shipped, false)
	status(t, at(t, toCompleted...).When(wantsOut).ThenKinds(event.CancellationRefused, event.StatusChanged), order.Completed, true)
}

func TestAnOrderNotConfirmedInTimeIsCancelled(t *testing.T) {
	t.Parallel()
	at(t, placed, reserved).Expired(validated).ThenKinds(event.Cancelled, event.StatusChanged)
	at(t, toConfirmed...).Expired(validated).Then()
	at(t, placed, wantsOut).Expired(validated).Then()
}

func TestAnOrderNotDispatchedInTimeIsCancelledOnlyThroughShipping(t *testing.T) {
	t.Parallel()
	d := at(t, toPreparing...).Expired(confirmed).ThenKinds(event.WithdrawalRequested, event.StatusChanged)
	d.When(stopped).ThenKinds(event.Cancelled, event.StatusChanged)
	if got := d.Emitted()[0].Data.(event.CancelledV1); got != (event.CancelledV1{Reason: "not_dispatched", By: "deadline"}) {
		t.Fatalf("cancelled %+v", got)
	}
	d = at(t, toPreparing...).Expired(confirmed).When(handed).When(notStop).ThenKinds(event.CancellationRefused, event.StatusChanged)
	status(t, d, order.Shipped, false)
}

func TestAnOrderWhoseGoodsWereNotFoundIsCancelledUnlessTheyHaveLeft(t *testing.T) {
	t.Parallel()
	tea := []schemas.Allocation{{SKU: "tea", Quantity: 1}}
	missing := inventory.CountedOut.Of(inventory.CountedOutV1{CountID: "c", Missing: tea})
	because := event.CancelledV1{Reason: "short_picked", By: "inventory"}
	d := at(t, placed).When(missing).ThenKinds(event.Cancelled, event.StatusChanged)
	if got := d.Emitted()[0].Data.(event.CancelledV1); got != because {
		t.Errorf("cancelled %+v", got)
	}
	d.When(missing).Then()

	d = at(t, toPreparing...).When(missing).ThenKinds(event.WithdrawalRequested, event.StatusChanged)
	d.When(missing).Then()
	d.When(stopped).ThenKinds(event.Cancelled, event.StatusChanged)
	if got := d.Emitted()[0].Data.(event.CancelledV1); got != because {
		t.Errorf("cancelled %+v", got)
	}
	d = at(t, toPreparing...).When(missing).When(handed).When(notStop).ThenKinds(event.CancellationRefused, event.StatusChanged)
	status(t, d, order.Shipped, false)
	d.When(missing).Then()
	at(t, toPreparing...).When(wantsOut).When(missing).Then()
}

func TestAnOperatorCancelsAsTheShopAndOnceConfirmedShippingDecides(t *testing.T) {
	t.Parallel()
	asked := storefront.CancellationRequested.Of(storefront.CancellationRequestedV1{Reason: "sold by telephone", Operator: "ann"})
	because := event.CancelledV1{Reason: "shop_request", By: "operator"}
	for _, heard := range [][]saga.Event{toConfirmed[:1], toConfirmed[:3], {placed, reviewing}} {
		d := at(t, heard...).When(asked).ThenKinds(event.Cancelled, event.StatusChanged)
		if got := d.Emitted()[0].Data; got != because {
			t.Fatalf("cancelled %+v", got)
		}
		d.When(asked).Then()
		d.When(voided).When(released)
		if told := status(t, d, order.Cancelled, true); told.Text != "Your order is cancelled: we cannot carry it out. "+
			"You were not charged." {
			t.Errorf("told %q", told.Text)
		}
	}
	d := at(t, toPreparing...).When(asked).ThenKinds(event.WithdrawalRequested, event.StatusChanged)
	d.When(asked).Then()
	d.Expired(confirmed).Then()
	if got := d.When(stopped).ThenKinds(event.Cancelled, event.StatusChanged).Emitted()[0].Data; got != because {
		t.Errorf("cancelled %+v", got)
	}
	d = at(t, toPreparing...).When(asked).When(handed)
	if told := status(t, d.When(notStop), order.Shipped, false); told.Text != "Your parcel has left after all." {
		t.Errorf("told %q", told.Text)
	}
	at(t, toShipped...).When(asked).ThenKinds(event.CancellationRefused)
	at(t, toPreparing...).Expired(confirmed).When(asked).Then()
	at(t).When(asked).Then()
	d = at(t, toPreparing...).When(wantsOut).When(handed).When(asked).Then()
	if told := status(t, d.When(notStop), order.Shipped, false); told.Text != "It is too late to cancel: your parcel has left." {
		t.Errorf("the customer, who asked before the shop did, is told %q", told.Text)
	}
}

func TestAWishToCancelIsAnsweredAlsoWhereTheParcelIsBeingStoppedAlready(t *testing.T) {
	t.Parallel()
	d := at(t, toPreparing...).Expired(confirmed)
	status(t, d.When(wantsOut).ThenKinds(event.Progressed, event.StatusChanged), order.Preparing, false)
	d.When(wantsOut).Then()
	d.When(handed).When(wantsOut).Then()
	if told := status(t, d.When(notStop), order.Shipped, false); told.Text != "It is too late to cancel: your parcel has left." {
		t.Errorf("told %+v", told)
	}
	d = at(t, toPreparing...).Expired(confirmed).When(wantsOut).When(stopped).ThenKinds(event.Cancelled, event.StatusChanged)
	d.When(wantsOut).Then()
}

func TestNobodyIsToldThatItIsTooLateToCancelWhatIsPaidBack(t *testing.T) {
	t.Parallel()
	d := at(t, toPreparing...).When(wantsOut).When(handed).When(gone).When(paidBack("r1", "lost", 700, held...))
	status(t, d, order.Cancelled, true)
	d.When(notStop).Then()
}

func TestNothingIsKnownOfAnOrderThatWasNotPlaced(t *testing.T) {
	t.Parallel()
	d := sagatest.Given(t, machine)
	for _, e := range []saga.Event{wantsOut, reserved, cleared, reviewing, paid, released, voided, prepared, handed, arrived,
		stopped, notStop, moneyBack} {
		d.When(e).Then()
	}
}
