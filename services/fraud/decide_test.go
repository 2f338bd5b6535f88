package fraud_test

import (
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/fraud"
	"orderflow.example/schemas/order"
	"orderflow.example/services/fraud"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

var (
	machine   = fraud.Choreography.Machine()
	cancelled = order.Cancelled.Of(order.CancelledV1{})
	reviewing = event.ReviewRequested.Of(event.ReviewRequestedV1{Score: 45, Rules: []string{"amount"}})
	approve   = fraud.DecideReview.Of(fraud.Decision{Approve: true, By: "op1"})
	refuse    = fraud.DecideReview.Of(fraud.Decision{By: "op1"})
)

func validated(email string, pence, quantity int64) saga.Event {
	return order.Validated.Of(order.ValidatedV1{Email: email, Total: schemas.Money{Amount: pence, Currency: "GBP"},
		CustomerID: "customer-1", Lines: []schemas.Line{{SKU: "A", Quantity: quantity}}})
}

func cleared(score int64, rules ...string) saga.Event {
	return event.Cleared.Of(event.ClearedV1{Score: score, Rules: rules, By: "rules"})
}

func TestTheRulesDecideOnceAndSayWhichHeld(t *testing.T) {
	t.Parallel()
	review := func(score int64, rules ...string) saga.Event {
		return event.ReviewRequested.Of(event.ReviewRequestedV1{Score: score, Rules: rules})
	}
	rejected := func(rules ...string) saga.Event {
		return event.Rejected.Of(event.RejectedV1{Score: 100, Rules: rules, By: "rules"})
	}
	for _, c := range []struct{ order, want saga.Event }{
		{validated("ada@shop.example", 1_000_000, 10_000), cleared(0)},
		{validated("ada@shop.example", 1_000_001, 1), review(45, "amount")},
		{validated("ada@Mailinator.com", 100, 1), cleared(25, "throwaway_mail")},
		{validated("ada@shop.example", 100, 10_001), cleared(20, "bulk")},
		{validated("ada@mailinator.com", 100, 10_001), review(45, "throwaway_mail", "bulk")},
		{validated("ada@mailinator.com", 2_000_000, 10_001), review(90, "amount", "throwaway_mail", "bulk")},
		{validated("eve@fraud.example", 100, 1), rejected("blocklist")},
		{validated("eve@FRAUD.Example", 100, 1), rejected("blocklist")},
		{validated(`"a@b"@fraud.example.`, 100, 1), rejected("blocklist")},
		{validated("eve@fraud.example", 2_000_000, 1), rejected("blocklist", "amount")},
		{validated("eve@notfraud.example", 100, 1), cleared(0)},
	} {
		sagatest.Given(t, machine).When(c.order).Then(c.want).When(c.order).Then()
	}
}

func TestAnOperatorDecidesAReviewOnce(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, machine, reviewing).When(approve).
		Then(event.Cleared.Of(event.ClearedV1{Score: 45, Rules: []string{"amount"}, By: "operator", Operator: "op1"})).
		When(refuse).Then().When(cancelled).Then().Expired(reviewing).Then()
	sagatest.Given(t, machine, reviewing).When(refuse).
		Then(event.Rejected.Of(event.RejectedV1{Score: 45, Rules: []string{"amount"}, By: "operator", Operator: "op1"})).
		When(approve).Then().When(cancelled).Then().Expired(reviewing).Then()
}

func TestWhereNoReviewIsOpenThereIsNothingToDecide(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, machine).When(approve).Then()
	sagatest.Given(t, machine, cleared(0)).When(refuse).Then()
}

func TestAReviewNobodyDecidesEndsInRejection(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, machine, reviewing).Expired(reviewing).
		Then(event.Rejected.Of(event.RejectedV1{Score: 45, Rules: []string{"amount"}, By: "deadline"})).
		When(approve).Then()
}

func TestACancellationClosesTheReviewAndNothingIsClearedAfterIt(t *testing.T) {
	t.Parallel()
	for _, past := range [][]saga.Event{{reviewing}, nil} {
		sagatest.Given(t, machine, past...).When(cancelled).ThenKinds(event.Closed).
			When(cancelled).Then().
			When(approve).Then().
			When(validated("ada@shop.example", 100, 1)).Then().
			Expired(reviewing).Then()
	}
	sagatest.Given(t, machine, cleared(0)).When(cancelled).Then()
}
