package fraud_test

import (
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/fraud"
	"orderflow.example/schemas/order"
	"orderflow.example/services/fraud"
	"orderflow.example/services/fraud/internal/rules"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

var (
	machine   = fraud.Choreography(rules.Default, rules.Cached).Machine()
	counting  = ruled(`  - {name: velocity, score: 45, when: 'customer.orders["1h"] > 2'}`)
	cancelled = order.Cancelled.Of(order.CancelledV1{})
	reviewing = event.ReviewRequested.Of(event.ReviewRequestedV1{Score: 45, Rules: []string{"amount"}})
	approve   = fraud.DecideReview.Of(fraud.Decision{Approve: true, By: "op1"})
	refuse    = fraud.DecideReview.Of(fraud.Decision{By: "op1"})
)

func validated(email string, pence, quantity int64) saga.Event {
	return order.Validated.Of(order.ValidatedV1{Email: email, Total: schemas.Money{Amount: pence, Currency: "GBP"},
		CustomerID: "customer-1", ShipTo: schemas.Address{Country: "GB"}, Lines: []schemas.Line{{SKU: "A", Quantity: quantity}}})
}

// ruled decides by the rules of the program and more.
func ruled(more string) *saga.Machine {
	r, err := rules.Read(rules.DefaultText + more)
	if err != nil {
		panic(err)
	}
	return fraud.Choreography(r, rules.Cached).Machine()
}

func cleared(score int64, hits ...string) saga.Event {
	return event.Cleared.Of(event.ClearedV1{Score: score, Rules: hits, By: "rules"})
}

func TestTheRulesDecideOnceAndSayWhichHeld(t *testing.T) {
	t.Parallel()
	review := func(score int64, hits ...string) saga.Event {
		return event.ReviewRequested.Of(event.ReviewRequestedV1{Score: score, Rules: hits})
	}
	rejected := func(hits ...string) saga.Event {
		return event.Rejected.Of(event.RejectedV1{Score: 100, Rules: hits, By: "rules"})
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
		want := c.want
		subjects := fraud.SubjectsOf(c.order.Data.(order.ValidatedV1))
		switch d := want.Data.(type) {
		case event.ClearedV1:
			d.RuleSet, d.Subjects = rules.Default.Set(), subjects
			want.Data = d
		case event.ReviewRequestedV1:
			d.RuleSet, d.Subjects = rules.Default.Set(), subjects
			want.Data = d
		case event.RejectedV1:
			d.RuleSet = rules.Default.Set()
			want.Data = d
		}
		sagatest.Given(t, machine).When(c.order).Then(want).When(c.order).Then()
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
