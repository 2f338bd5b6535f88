package refund_test

import (
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	event "orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	"orderflow.example/services/refund"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

var (
	machine = refund.Choreography.Machine()
	goods   = func(sku string, quantity, price int64) []schemas.Allocation {
		return []schemas.Allocation{{SKU: sku, Quantity: quantity, UnitPrice: price, Warehouse: "LONDON"}}
	}

	captured  = payment.Captured.Of(payment.CapturedV1{Reference: "auth_1", Amount: pounds(1000)})
	cancelled = order.Cancelled.Of(order.CancelledV1{Reason: "customer", By: "customer"})
	lost      = shipping.Lost.Of(shipping.LostV1{ShipmentID: "s", Lines: goods("A", 2, 500)})

	readied = event.Readied.Of(event.ReadiedV1{By: "captured", Reference: "auth_1", Captured: ptr(pounds(1000))})
)

func ptr[T any](v T) *T { return &v }

func pounds(pence int64) schemas.Money { return schemas.Money{Amount: pence, Currency: "GBP"} }

func returned(id string, quantity int64) saga.Event {
	return shipping.ReturnReceived.Of(shipping.ReturnReceivedV1{ReturnID: id, Lines: goods("A", quantity, 300)})
}

func returnedOf(sku string, quantity, price int64) saga.Event {
	return shipping.ReturnReceived.Of(shipping.ReturnReceivedV1{ReturnID: "r", Lines: goods(sku, quantity, price)})
}

func requested(reason, returnID string, amount int64, lines []schemas.Allocation) saga.Event {
	return event.Requested.Of(event.RequestedV1{
		Reason: reason, Reference: "auth_1", Amount: pounds(amount), ReturnID: returnID, Lines: lines,
	})
}

func TestWhatWasTakenForACancelledOrderGoesBackInFullWhicheverIsHeardFirst(t *testing.T) {
	t.Parallel()
	whole := requested("cancelled", "", 1000, nil)
	sagatest.Given(t, machine).
		When(captured).Then(readied).
		When(captured).Then().
		When(cancelled).Then(whole).
		When(cancelled).Then()
	sagatest.Given(t, machine).
		When(cancelled).Then(event.Readied.Of(event.ReadiedV1{By: "cancelled"})).
		When(cancelled).Then().
		When(captured).Then(readied, whole).
		When(captured).Then()
}

func TestALostParcelIsRefundedInFullWithItsGoods(t *testing.T) {
	t.Parallel()
	whole := requested("lost", "", 1000, goods("A", 2, 500))
	sagatest.Given(t, machine, readied).When(lost).Then(whole).When(lost).Then()
	sagatest.Given(t, machine).
		When(lost).Then(event.Readied.Of(event.ReadiedV1{By: "lost", Lines: goods("A", 2, 500)})).
		When(captured).Then(readied, whole)
}

func TestReturnedGoodsAreRefundedAtTheirPriceOncePerReturn(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, machine, readied).
		When(returned("r1", 2)).Then(requested("returned", "r1", 600, goods("A", 2, 300))).
		When(returned("r1", 2)).Then().
		When(returned("r2", 1)).Then(requested("returned", "r2", 300, goods("A", 1, 300)))
}

func TestReturnsHeardBeforeTheMoneyAreAllRefundedThen(t *testing.T) {
	t.Parallel()
	d := sagatest.Given(t, machine)
	d.When(returned("r1", 2)).ThenKinds(event.Readied)
	d.When(returned("r1", 2)).Then()
	d.When(returned("r2", 3)).ThenKinds(event.Readied)
	d.When(captured).Then(readied,
		requested("returned", "r1", 600, goods("A", 2, 300)),
		requested("returned", "r2", 400, goods("A", 3, 300))) // 900 owed, 400 left
}

func TestNeverMoreGoesBackThanIsLeft(t *testing.T) {
	t.Parallel()
	d := sagatest.Given(t, machine, readied).
		When(returned("r1", 2)).ThenKinds(event.Requested).
		When(cancelled).Then(requested("cancelled", "", 400, nil)). // 600 are under way
		When(lost).ThenKinds(event.Readied).
		When(lost).Then()
	if left := d.State().(refund.Refund).Left(); left != 0 {
		t.Errorf("%d left after everything was asked for, want 0", left)
	}
}

func TestTheGatewaysAnswerIsThatRefundsOutcomeAlone(t *testing.T) {
	t.Parallel()
	one, two := requested("returned", "r1", 600, goods("A", 2, 300)), requested("returned", "r2", 300, goods("A", 1, 300))
	d := sagatest.Given(t, machine, readied, one, two).
		Answered(event.Requested, refund.RefundAnswer{RefundID: "event-3"}).
		Then(event.Issued.Of(event.IssuedV1{
			RefundID: "event-3", Reason: "returned", Amount: pounds(300), ReturnID: "r2", Lines: goods("A", 1, 300)})).
		Answered(event.Requested, refund.RefundAnswer{RefundID: "event-2", Refused: "card_closed"}).
		Then(event.Failed.Of(event.FailedV1{RefundID: "event-2", Reason: "card_closed", Amount: pounds(600)})).
		Answered(event.Requested, refund.RefundAnswer{RefundID: "event-3"}).Then().
		When(returned("r1", 2)).Then() // failed is asked again when its time comes
	r := d.State().(refund.Refund)
	if r.Refunded != 300 || r.Pending != 0 || r.Left() != 700 {
		t.Errorf("refunded %d, pending %d, left %d; want 300, 0, 700", r.Refunded, r.Pending, r.Left())
	}
}

func TestWhatTheGatewayRefusedIsAskedForAgainUntilItIsGivenBack(t *testing.T) {
	t.Parallel()
	one, two := requested("returned", "r1", 600, goods("A", 2, 300)), requested("returned", "r2", 300, goods("A", 1, 300))
	refused := func(id string, amount int64) saga.Event {
		return event.Failed.Of(event.FailedV1{RefundID: id, Reason: "try_later", Amount: pounds(amount)})
	}
	d := sagatest.Given(t, machine, readied, one, two, refused("event-2", 600), refused("event-3", 300)).
		Expired(refused("event-3", 300)).Then(one, two). // the one deadline is for both
		Expired(refused("event-3", 300)).Then()
	asked := d.State().(refund.Refund).Claims
	if asked[0].RefundID == "event-2" || asked[0].RefundID == asked[1].RefundID {
		t.Fatalf("the gateway is asked again as %q and %q", asked[0].RefundID, asked[1].RefundID)
	}
	d.Answered(event.Requested, refund.RefundAnswer{RefundID: asked[0].RefundID}).ThenKinds(event.Issued).
		Answered(event.Requested, refund.RefundAnswer{RefundID: asked[1].RefundID, Refused: "try_later"}).ThenKinds(event.Failed).
		Expired(refused(asked[1].RefundID, 300)).Then(two)
}

func TestAnAnswerToSomethingNeverAskedDecidesNothing(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, machine, readied).Answered(event.Requested, refund.RefundAnswer{RefundID: "event-9"}).Then()
}

func TestThePastIsNotRewrittenByWhatFollows(t *testing.T) {
	t.Parallel()
	d := sagatest.Given(t, machine, readied, requested("lost", "", 1000, goods("A", 2, 500)))
	before := d.State().(refund.Refund)
	d.Answered(event.Requested, refund.RefundAnswer{RefundID: "event-2"}).ThenKinds(event.Issued)
	if s := before.Claims[0].Status; s != refund.Pending {
		t.Errorf("an earlier state has changed to %q, want %q", s, refund.Pending)
	}
}
