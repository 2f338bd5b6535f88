package refund_test

import (
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/schemas/payment"
	event "orderflow.example/schemas/refund"
	"orderflow.example/services/refund"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

// owed is the history of a refund of everything that the gateway will not make; its last try is event-2.
var owed = []saga.Event{readied, requested("cancelled", "", 1000, nil),
	event.Failed.Of(event.FailedV1{RefundID: "event-2", Reason: "card_closed", Amount: pounds(1000)}),
	event.Owed.Of(event.OwedV1{RefundID: "event-2", Reason: "card_closed", Amount: pounds(1000)})}

func settle(id, refundID string) saga.Event {
	return refund.SettleRefund.Of(refund.Settlement{ID: id, RefundID: refundID, How: refund.ByTransfer, Reference: "FT-1",
		Operator: "op1"})
}

func TestARefundThatIsOwedIsSettledOnceAndNothingIsGivenBackAgain(t *testing.T) {
	t.Parallel()
	d := sagatest.Given(t, machine, owed...).
		When(settle("s1", "event-2")).Then(event.Settled.Of(event.SettledV1{SettlementID: "s1", RefundID: "event-2",
		Reason: "cancelled", Amount: pounds(1000), How: refund.ByTransfer, Reference: "FT-1", Operator: "op1"})).
		When(settle("s1", "event-2")).Then().
		When(settle("s2", "event-2")).Then().
		When(goodwill("g", 1)).Then().
		When(cancelled).Then()
	r := d.State().(refund.Refund)
	if r.Settled() != 1000 || r.Left() != 0 || r.Refused() != 0 || r.Refunded != 0 || r.Settlement("s1") == nil ||
		r.RefusesToSettle("event-2") != refund.AlreadySettled {
		t.Errorf("%+v", r)
	}
}

func TestOnlyARefundThatIsOwedAndStillDueIsSettled(t *testing.T) {
	t.Parallel()
	opened := payment.ChargedBack.Of(payment.ChargedBackV1{DisputeID: "d", Reference: "auth_1", Amount: pounds(1000)})
	lost := payment.DisputeLost.Of(payment.DisputeLostV1{DisputeID: "d", Amount: pounds(1000)})
	for name, c := range map[string]struct {
		history  []saga.Event
		heard    []saga.Event
		refundID string
		why      refund.Refusal
	}{
		"unknown":                {owed, nil, "event-9", refund.UnknownRefund},
		"no id":                  {append(owed[:0:0], readied), nil, "", refund.UnknownRefund},
		"pending":                {owed[:2], nil, "event-2", refund.NotOwed},
		"asked again tomorrow":   {owed[:3], nil, "event-2", refund.NotOwed},
		"in dispute":             {owed, []saga.Event{opened}, "event-2", refund.InDispute},
		"charged back":           {owed, []saga.Event{opened, lost}, "event-2", refund.ExceedsLeft},
		"granted as well, whole": {owed, []saga.Event{goodwill("g", 1000)}, "event-2", refund.ExceedsLeft},
	} {
		d := sagatest.Given(t, machine, c.history...)
		for _, e := range c.heard {
			d.When(e)
		}
		d.When(settle("s", c.refundID)).Then()
		if why := d.State().(refund.Refund).RefusesToSettle(c.refundID); why != c.why {
			t.Errorf("%s: refused for %q, want %q", name, why, c.why)
		}
	}
}

func TestAReturnThatIsSettledKeepsItsGoodsAndLeavesTheRestToBeRefunded(t *testing.T) {
	t.Parallel()
	history := []saga.Event{readied, requested("returned", "r1", 600, goods("A", 2, 300)),
		event.Failed.Of(event.FailedV1{RefundID: "event-2", Reason: "card_closed", Amount: pounds(600)}),
		event.Owed.Of(event.OwedV1{RefundID: "event-2", Reason: "card_closed", Amount: pounds(600)})}
	sagatest.Given(t, machine, history...).
		When(settle("s1", "event-2")).Then(event.Settled.Of(event.SettledV1{SettlementID: "s1", RefundID: "event-2", Reason: "returned",
		Amount: schemas.Money{Amount: 600, Currency: "GBP"}, ReturnID: "r1", Lines: goods("A", 2, 300), How: refund.ByTransfer,
		Reference: "FT-1", Operator: "op1"})).
		When(returned("r1", 2)).Then().
		When(cancelled).Then(requested("cancelled", "", 400, nil))
}

func TestOfARefundThatIsOwedOnlyWhatTheirBankHasNotGivenTheCustomerIsSettled(t *testing.T) {
	t.Parallel()
	opened := payment.ChargedBack.Of(payment.ChargedBackV1{DisputeID: "d", Reference: "auth_1", Amount: pounds(700)})
	lost := payment.DisputeLost.Of(payment.DisputeLostV1{DisputeID: "d", Amount: pounds(700)})
	d := sagatest.Given(t, machine, owed...).When(opened).When(lost).
		When(settle("s1", "event-2")).Then(event.Settled.Of(event.SettledV1{SettlementID: "s1", RefundID: "event-2",
		Reason: "cancelled", Amount: pounds(300), How: refund.ByTransfer, Reference: "FT-1", Operator: "op1"}))
	if r := d.State().(refund.Refund); r.Settled() != 300 || r.Left() != 0 || r.Refused() != 0 {
		t.Errorf("%+v", r)
	}
}
