package refund_test

import (
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/schemas/inventory"
	"orderflow.example/schemas/payment"
	event "orderflow.example/schemas/refund"
	"orderflow.example/services/refund"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

// sold are three cups at two prices, of an order of 1000.
var sold = append(goods("CUP", 1, 400), goods("CUP", 2, 300)...)

func granting(t *testing.T, past ...saga.Event) *sagatest.Decision {
	t.Helper()
	reserved := inventory.Reserved.Of(inventory.ReservedV1{Lines: sold, Total: pounds(1000)})
	reserved.Key = sagatest.Order
	return sagatest.Given(t, machine, append([]saga.Event{readied}, past...)...).Knowing(reserved)
}

func cups(id string, quantity int64) saga.Event {
	return refund.GrantRefund.Of(refund.Grant{ID: id, Operator: "op1",
		Lines: []refund.GrantLine{{SKU: "CUP", Quantity: quantity}}})
}

func goodwill(id string, amount int64) saga.Event {
	return refund.GrantRefund.Of(refund.Grant{ID: id, Operator: "op1", Goodwill: amount})
}

func granted(id string, amount int64, lines []schemas.Allocation) []saga.Event {
	d := event.GrantedV1{GrantID: id, Operator: "op1", Amount: pounds(amount), Lines: lines}
	if lines == nil {
		d.Goodwill = amount
	} else {
		d.Sold = sold
	}
	return []saga.Event{event.Granted.Of(d), event.Requested.Of(event.RequestedV1{Reason: "granted", GrantID: id,
		Reference: "auth_1", Amount: pounds(amount), Lines: lines})}
}

func TestAnOperatorGrantsLinesAtTheirPriceAndEachPieceOnce(t *testing.T) {
	t.Parallel()
	first := append(goods("CUP", 1, 400), goods("CUP", 1, 300)...)
	granting(t).
		When(cups("g1", 2)).Then(granted("g1", 700, first)...).
		When(cups("g1", 2)).Then().
		When(cups("g2", 2)).Then().
		When(cups("g3", 1)).Then(granted("g3", 300, goods("CUP", 1, 300))...).
		When(cups("g4", 1)).Then()
	granting(t).When(refund.GrantRefund.Of(refund.Grant{ID: "g", Operator: "op1",
		Lines: []refund.GrantLine{{SKU: "SPOON", Quantity: 1}}})).Then()
}

func TestNothingIsGrantedForGoodsThatWereLeftOut(t *testing.T) {
	t.Parallel()
	part := goods("CUP", 2, 300)
	d := sagatest.Given(t, machine).
		When(payment.Captured.Of(payment.CapturedV1{Reference: "auth_1", Amount: pounds(600), Lines: part}))
	reserved := inventory.Reserved.Of(inventory.ReservedV1{Lines: sold, Total: pounds(1000)})
	reserved.Key = sagatest.Order
	d.Knowing(reserved).When(cups("g1", 3)).Then().When(cups("g2", 2)).ThenKinds(event.Granted, event.Requested)
	if got := d.Emitted()[1].Data.(event.RequestedV1); got.Amount != pounds(600) {
		t.Errorf("asked for %+v", got)
	}
}

func TestNoMoreIsGrantedThanIsLeft(t *testing.T) {
	t.Parallel()
	granting(t).When(goodwill("g1", 1001)).Then().
		When(goodwill("g2", 600)).Then(granted("g2", 600, nil)...).
		When(goodwill("g3", 401)).Then().
		When(refund.GrantRefund.Of(refund.Grant{ID: "g4", Operator: "op1", Goodwill: 300, Shipping: 100})).
		ThenKinds(event.Granted, event.Requested)
	sagatest.Given(t, machine).When(goodwill("g", 1)).Then() // nothing is captured
	sagatest.Given(t, machine, readied).When(cups("g", 1)).Then()
}

func TestGoodsThatAnOperatorRefundedAreNotRefundedAgainWhenTheyComeBack(t *testing.T) {
	t.Parallel()
	back := func(quantity int64) saga.Event { return returnedOf("CUP", quantity, 300) }
	granting(t, granted("g1", 700, append(goods("CUP", 1, 400), goods("CUP", 1, 300)...))...).
		When(back(3)).Then(requested("returned", "r", 300, goods("CUP", 3, 300)))
}

func TestWhileADisputeIsOpenNothingIsRefundedAndAfterwardsWhatIsLeft(t *testing.T) {
	t.Parallel()
	opened := payment.ChargedBack.Of(payment.ChargedBackV1{DisputeID: "d", Reference: "auth_1", Amount: pounds(700)})
	noted := func(state string) saga.Event {
		return event.DisputeNoted.Of(event.DisputeNotedV1{DisputeID: "d", State: state, Amount: pounds(700)})
	}
	d := func() *sagatest.Decision {
		return granting(t).When(opened).Then(noted("open")).When(opened).Then().
			When(goodwill("g1", 100)).Then().
			When(cancelled).Then(event.Readied.Of(event.ReadiedV1{By: "cancelled"}))
	}
	won := payment.ChargebackReversed.Of(payment.ChargebackReversedV1{DisputeID: "d", Amount: pounds(700)})
	d().When(won).Then(noted("won"), requested("cancelled", "", 1000, nil)).When(won).Then()
	lost := payment.DisputeLost.Of(payment.DisputeLostV1{DisputeID: "d", Amount: pounds(700)})
	d().When(lost).Then(noted("lost"), requested("cancelled", "", 300, nil)).
		When(goodwill("g2", 1)).Then()
	granting(t, noted("lost")).When(goodwill("g", 301)).Then().When(goodwill("g", 300)).ThenKinds(event.Granted, event.Requested)
}

func TestARefundThatFailedIsNotTriedAgainUntilTheDisputeHasEnded(t *testing.T) {
	t.Parallel()
	asked := event.Requested.Of(event.RequestedV1{Reason: "cancelled", Reference: "auth_1", Amount: pounds(1000)})
	failed := event.Failed.Of(event.FailedV1{RefundID: "event-1", Reason: "disputed", Amount: pounds(1000)})
	open := event.DisputeNoted.Of(event.DisputeNotedV1{DisputeID: "d", State: "open", Amount: pounds(700)})
	won := open.Data.(event.DisputeNotedV1)
	won.State = "won"
	sagatest.Given(t, machine, readied, identified(asked, "event-1"), failed, open).Expired(failed).Then().
		When(payment.ChargebackReversed.Of(payment.ChargebackReversedV1{DisputeID: "d", Amount: pounds(700)})).
		Then(event.DisputeNoted.Of(won), asked)
}

func TestARefundThatFailsTooOftenIsOwedWhetherRefusedOrReversed(t *testing.T) {
	t.Parallel()
	first := event.Requested.Of(event.RequestedV1{Reason: "cancelled", Reference: "auth_1", Amount: pounds(1000)})
	failed := func(id string) event.FailedV1 {
		return event.FailedV1{RefundID: id, Reason: "card_closed", Amount: pounds(1000)}
	}
	r := refund.Evolve(refund.Evolve(refund.Blank("o"), readied), identified(first, "e1"))
	for n, id := range []string{"e1", "e2", "e3"} {
		r = refund.Evolve(r, event.Issued.Of(event.IssuedV1{RefundID: id, Amount: pounds(1000)}))
		if r.Refunded != 1000 || r.Pending != 0 {
			t.Fatalf("try %d: %+v", n+1, r)
		}
		reversed := payment.RefundReversed.Of(payment.RefundReversedV1{RefundID: id, Amount: pounds(1000), Reason: "card_closed"})
		step, err := machine.Hear(r, reversed, func(e *saga.Event) {})
		if err != nil || len(step.Emitted) != 1+n/2 || step.Emitted[0].Data != failed(id) {
			t.Fatalf("try %d: %+v, %v", n+1, step.Emitted, err)
		}
		r = step.State.(refund.Refund)
		if r.Refunded != 0 || r.Refused() != 1000 {
			t.Errorf("try %d: %+v", n+1, r)
		}
		if again, _ := machine.Hear(r, reversed, func(*saga.Event) {}); len(again.Emitted) != 0 {
			t.Errorf("try %d: heard twice: %+v", n+1, again.Emitted)
		}
		step, err = machine.Expire(r, event.Failed.Of(failed(id)), func(e *saga.Event) { e.ID = "e" + string(rune('2'+n)) })
		if asked := len(step.Emitted); err != nil || asked != 1-n/2 {
			t.Errorf("try %d: asked again %d times, %v", n+1, asked, err)
		}
		r = step.State.(refund.Refund)
	}
	if c := r.Claims[0]; c.Status != refund.Owed || c.Tries != 3 || c.Why != "card_closed" {
		t.Errorf("%+v", c)
	}
}

func TestARefundThatIsReversedBeforeItsAnswerWasIssuedToo(t *testing.T) {
	t.Parallel()
	asked := identified(event.Requested.Of(event.RequestedV1{Reason: "cancelled", Reference: "auth_1", Amount: pounds(1000)}), "e1")
	r := refund.Evolve(refund.Evolve(refund.Blank("o"), readied), asked)
	reversed := payment.RefundReversed.Of(payment.RefundReversedV1{RefundID: "e1", Amount: pounds(1000), Reason: "card_closed"})
	step, err := machine.Hear(r, reversed, func(*saga.Event) {})
	if err != nil || len(step.Emitted) != 2 ||
		step.Emitted[0].Type != event.Issued.Name() || step.Emitted[1].Type != event.Failed.Name() {
		t.Fatalf("%+v, %v", step.Emitted, err)
	}
	if r := step.State.(refund.Refund); r.Refunded != 0 || r.Refused() != 1000 {
		t.Errorf("%+v", r)
	}
}

func identified(e saga.Event, id string) saga.Event { e.ID = id; return e }
