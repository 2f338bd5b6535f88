package order_test

import (
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/schemas/inventory"
	event "orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	"orderflow.example/services/order"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

func paidBack(id, reason string, pence int64, lines ...schemas.Allocation) saga.Event {
	return refund.Issued.Of(refund.IssuedV1{RefundID: id, Reason: reason, Amount: pounds(pence), Lines: lines})
}

var gone = shipping.Lost.Of(shipping.LostV1{ShipmentID: "s1", Lines: held})

func TestALostParcelIsCancelledOnceItsMoneyIsBack(t *testing.T) {
	t.Parallel()
	back := paidBack("r1", "lost", 700, held...)
	d := at(t, toShipped...).When(gone).ThenKinds(event.Progressed, event.StatusChanged)
	status(t, d, order.Shipped, false)
	d.When(gone).Then()
	d.When(arrived).Then() // a lost parcel is delivered after all
	if told := status(t, d.When(back), order.Cancelled, true); told.Reason != "parcel_lost" {
		t.Fatalf("told %+v", told)
	}
	d.When(back).Then()
}

func TestARefundHeardBeforeTheLossEndsTheOrderWithTheLoss(t *testing.T) {
	t.Parallel()
	back := paidBack("r1", "lost", 700, held...)
	for _, heard := range [][]saga.Event{
		{placed, reserved, cleared, paid, back, prepared, handed, gone},
		{placed, reserved, cleared, paid, prepared, handed, back, gone},
	} {
		status(t, at(t, heard...), order.Cancelled, true)
	}
}

func cameBack(id string, lines ...schemas.Allocation) saga.Event {
	return shipping.ReturnReceived.Of(shipping.ReturnReceivedV1{ReturnID: id, Lines: lines})
}

func TestAnOrderIsReturnedOnceAllOfItCameBackAndIsPaid(t *testing.T) {
	t.Parallel()
	one := held[0]
	one.Quantity = 1
	d := at(t, toCompleted...).When(cameBack("b1", one))
	first := paidBack("r1", "returned", 300, one)
	told := status(t, d.When(first).ThenKinds(event.Progressed, event.StatusChanged), order.Completed, true)
	if told.Text != "You got 3.00 GBP back." {
		t.Fatal(told.Text)
	}
	d.When(first).Then() // a repeat
	d.When(cameBack("b1", one)).Then()
	d.When(cameBack("b2", one))
	status(t, d.When(paidBack("r2", "returned", 300, one)), order.Completed, true)
	status(t, d.When(cameBack("b3", held[1])), order.Completed, true)
	status(t, d.When(paidBack("r3", "returned", 100, held[1])), order.Returned, true)
}

func TestMoneyThatWasOwedAndAPersonGaveBackCountsAsAnyOther(t *testing.T) {
	t.Parallel()
	settled := refund.Settled.Of(refund.SettledV1{SettlementID: "s1", RefundID: "r1", Reason: "returned", Amount: pounds(300)})
	d := at(t, toCompleted...).When(refund.Owed.Of(refund.OwedV1{RefundID: "r1", Reason: "card_closed", Amount: pounds(300)}))
	told := status(t, d.When(settled).ThenKinds(event.Progressed, event.StatusChanged), order.Completed, true)
	if told.Text != "You got the 3.00 GBP that we owed you." || d.State().(order.Order).Refunded != 300 {
		t.Errorf("%+v, told %q", d.State(), told.Text)
	}
	d.When(settled).Then()
}

func TestMoneyThatDidNotArriveOrThatTheShopWonBackDoesNotCount(t *testing.T) {
	t.Parallel()
	d := at(t, toCompleted...).When(paidBack("r1", "returned", 300, held[1])).
		When(payment.ChargedBack.Of(payment.ChargedBackV1{DisputeID: "d1", Amount: pounds(400)}))
	if o := d.State().(order.Order); o.Refunded != 300 || o.Disputed != 400 {
		t.Errorf("%+v", o)
	}
	undelivered := refund.Failed.Of(refund.FailedV1{RefundID: "r1", Reason: "card_closed", Amount: pounds(300)})
	won := payment.ChargebackReversed.Of(payment.ChargebackReversedV1{DisputeID: "d1", Amount: pounds(400)})
	d.When(undelivered).When(won)
	d.When(undelivered).Then()
	d.When(won).Then()
	if o := d.State().(order.Order); o.Refunded != 0 || o.Disputed != 0 {
		t.Errorf("%+v", o)
	}
	status(t, d.When(cameBack("b1", held...)), order.Completed, true)
}

func TestAnOrderWhoseMoneyIsOwedIsReturnedOnceThatIsSettled(t *testing.T) {
	t.Parallel()
	unpaid := refund.Owed.Of(refund.OwedV1{RefundID: "r1", Reason: "card_closed", Amount: pounds(700)})
	for _, heard := range [][]saga.Event{{unpaid, cameBack("b1", held...)}, {cameBack("b1", held...), unpaid}} {
		d := at(t, append(toCompleted[:len(toCompleted):len(toCompleted)], heard...)...)
		status(t, d, order.Completed, true)
		status(t, d.When(refund.Settled.Of(refund.SettledV1{SettlementID: "s1", RefundID: "r1", Amount: pounds(700)})),
			order.Returned, true)
	}
}

func TestAnOrderDoesNotOweWhatWasSettled(t *testing.T) {
	t.Parallel()
	d := at(t, toShipped...).When(refund.Owed.Of(refund.OwedV1{RefundID: "g1", Reason: "card_closed", Amount: pounds(100)})).
		When(refund.Settled.Of(refund.SettledV1{SettlementID: "s1", RefundID: "g1", Reason: "granted", Amount: pounds(100)}))
	status(t, d.When(gone), order.Shipped, false)
	told := status(t, d.When(paidBack("r1", "lost", 600, held...)), order.Cancelled, true)
	if told.Text != "Your parcel was lost; you got 7.00 GBP back." {
		t.Error(told.Text)
	}
}

func TestARefundHeardBeforeTheReturnCounts(t *testing.T) {
	t.Parallel()
	back := paidBack("r1", "returned", 700, held...)
	for _, heard := range [][]saga.Event{append(toShipped[:6:6], back, arrived), append(toCompleted[:7:7], back)} {
		d := at(t, heard...)
		status(t, d, order.Completed, true)
		status(t, d.When(cameBack("b1", held...)), order.Returned, true)
	}
}

func TestGoodsThatWereFreeCountAsReturnedWithoutARefund(t *testing.T) {
	t.Parallel()
	free := schemas.Allocation{SKU: "C", Quantity: 1, Warehouse: "north"}
	with := inventory.Reserved.Of(inventory.ReservedV1{Lines: append(held[:2:2], free), Total: pounds(700)})
	d := at(t, placed, with, cleared, paid, prepared, handed, arrived, cameBack("b1", held...))
	status(t, d.When(paidBack("r1", "returned", 700, held...)), order.Completed, true)
	status(t, d.When(cameBack("b2", free)), order.Returned, true)
}

func TestTheCustomerHearsOfEachStepOfAReturn(t *testing.T) {
	t.Parallel()
	for _, e := range []saga.Event{
		shipping.ReturnAuthorized.Of(shipping.ReturnAuthorizedV1{ReturnID: "b1", Carrier: "Postal", TrackingNumber: "T2"}),
		shipping.ReturnRefused.Of(shipping.ReturnRefusedV1{ReturnID: "b1", Reason: "not_shipped"}),
		cameBack("b1", held[1]),
		refund.Failed.Of(refund.FailedV1{RefundID: "r1", Amount: pounds(300)}),
	} {
		d := at(t, toCompleted...).When(e).ThenKinds(event.Progressed, event.StatusChanged)
		status(t, d, order.Completed, true)
		d.When(e).Then()
	}
}

func TestAReturnRefusedBeforeItsOrderIsKnownIsNotedAndSaidNoMore(t *testing.T) {
	t.Parallel()
	no := shipping.ReturnRefused.Of(shipping.ReturnRefusedV1{ReturnID: "b1", Reason: "not_delivered"})
	sagatest.Given(t, machine).When(no).ThenKinds(event.Progressed).
		When(placed).ThenKinds(event.Validated).
		When(no).Then()
}

func TestAFailedRefundKeepsACancellationOpen(t *testing.T) {
	t.Parallel()
	d := at(t, toPreparing...).When(wantsOut).When(stopped).When(released)
	d.When(refund.Failed.Of(refund.FailedV1{RefundID: "r1", Amount: pounds(700)}))
	status(t, d, order.Cancelling, false)
	status(t, d.When(moneyBack), order.Cancelled, true)
}
