package order_test

import (
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/order"
	"orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	"orderflow.example/services/order"
	"orderflow.example/shared/saga"
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
	d.When(arrived).Then() // turned up after all
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

func TestAnOrderIsReturnedOnceAllOfItCameBackAndIsPaid(t *testing.T) {
	t.Parallel()
	one := held[0]
	one.Quantity = 1
	d := at(t, toCompleted...)
	first := paidBack("r1", "returned", 300, one)
	told := status(t, d.When(first).ThenKinds(event.Progressed, event.StatusChanged), order.Completed, true)
	if told.Text != "You got 3.00 GBP back." {
		t.Fatal(told.Text)
	}
	d.When(first).Then() // seen twice
	status(t, d.When(paidBack("r2", "returned", 300, one)), order.Completed, true)
	status(t, d.When(paidBack("r3", "returned", 100, held[1])), order.Returned, true)
}

func TestARefundHeardBeforeTheDeliveryCounts(t *testing.T) {
	t.Parallel()
	d := at(t, toShipped...).When(paidBack("r1", "returned", 700, held...)).ThenKinds(event.Progressed, event.StatusChanged)
	status(t, d, order.Shipped, false)
	status(t, d.When(arrived), order.Returned, true)
}

func TestTheCustomerHearsOfEachStepOfAReturn(t *testing.T) {
	t.Parallel()
	for _, e := range []saga.Event{
		shipping.ReturnAuthorized.Of(shipping.ReturnAuthorizedV1{ReturnID: "b1", Carrier: "Postal", TrackingNumber: "T2"}),
		shipping.ReturnRefused.Of(shipping.ReturnRefusedV1{ReturnID: "b1", Reason: "not_shipped"}),
		shipping.ReturnReceived.Of(shipping.ReturnReceivedV1{ReturnID: "b1"}),
		refund.Failed.Of(refund.FailedV1{RefundID: "r1", Amount: pounds(300)}),
	} {
		d := at(t, toCompleted...).When(e).ThenKinds(event.Progressed, event.StatusChanged)
		status(t, d, order.Completed, true)
		d.When(e).Then()
	}
}

func TestAFailedRefundKeepsACancellationOpen(t *testing.T) {
	t.Parallel()
	d := at(t, toPreparing...).When(wantsOut).When(stopped).When(released)
	d.When(refund.Failed.Of(refund.FailedV1{RefundID: "r1", Amount: pounds(700)}))
	status(t, d, order.Cancelling, false)
	status(t, d.When(moneyBack), order.Cancelled, true)
}
