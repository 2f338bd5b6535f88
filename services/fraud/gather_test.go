package fraud_test

import (
	"slices"
	"testing"

	event "orderflow.example/schemas/fraud"
	"orderflow.example/schemas/order"
	"orderflow.example/services/fraud"
	"orderflow.example/services/fraud/internal/rules"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

func measured(kind string, orders int64, windows ...int64) saga.Event {
	h := event.HistoryV1{Windows: windows}
	for range windows {
		h.Orders = append(h.Orders, orders)
	}
	return event.VelocityMeasured.Of(event.VelocityMeasuredV1{Subject: kind, History: h})
}

func byCard(token string) saga.Event {
	e := validated("ada@shop.example", 100, 1)
	d := e.Data.(order.ValidatedV1)
	d.PaymentToken = token
	e.Data = d
	return e
}

// hits are the rules of the last events.
func hits(t *testing.T, d *sagatest.Decision) []string {
	t.Helper()
	switch e := d.Emitted()[len(d.Emitted())-1].Data.(type) {
	case event.ReviewRequestedV1:
		return e.Rules
	case event.ClearedV1:
		return append([]string{"cleared"}, e.Rules...)
	case event.RejectedV1:
		return append([]string{"rejected"}, e.Rules...)
	}
	t.Fatalf("no decision: %+v", d.Emitted())
	return nil
}

func TestAnOrderThatNoRuleAsksAboutIsDecidedAtOnce(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, machine).When(byCard("tok_ok")).ThenKinds(event.Cleared)
}

func TestWhereARuleCountsTheOrderWaitsForTheCount(t *testing.T) {
	t.Parallel()
	begin := func() *sagatest.Decision {
		return sagatest.Given(t, counting).When(byCard("tok_ok")).ThenKinds(event.FactsRequested, event.OrderSeen)
	}
	if got := hits(t, begin().When(measured("customer", 2, 3600))); !slices.Equal(got, []string{"cleared"}) {
		t.Error(got)
	}
	if got := hits(t, begin().When(measured("customer", 3, 3600))); !slices.Equal(got, []string{"velocity"}) {
		t.Error(got)
	}
	begin().When(measured("address", 3, 3600)).Then().When(measured("customer", 3, 3600)).ThenKinds(event.ReviewRequested).
		When(measured("customer", 1, 3600)).Then()
	sagatest.Given(t, counting).When(validated("eve@fraud.example", 100, 1)).ThenKinds(event.Rejected)
}

func TestARuleOnTheTokenHoldsAlsoWhenTheHistoriesAreKnown(t *testing.T) {
	t.Parallel()
	m := ruled("  - {name: test_token, score: 45, when: order.token == 'tok_ok'}\n" +
		`  - {name: velocity, score: 45, when: 'customer.orders["1h"] > 2'}`)
	d := sagatest.Given(t, m).When(byCard("tok_ok"))
	if got := hits(t, d.When(measured("customer", 1, 3600))); !slices.Equal(got, []string{"test_token"}) {
		t.Error(got)
	}
	asked := sagatest.Given(t, counting).When(byCard("tok_ok")).Emitted()[0].Data.(event.FactsRequestedV1)
	if asked.Facts.Token != "" {
		t.Error("the token is kept though no rule uses it")
	}
}

func TestTheCardIsAskedForBeforeItsHistoryAndATokenWithoutCardHasNone(t *testing.T) {
	t.Parallel()
	begin := func() *sagatest.Decision {
		return sagatest.Given(t, machine).When(byCard("tok_card_ann")).ThenKinds(event.FactsRequested, event.CardRequested)
	}
	known := func(country string) *sagatest.Decision {
		return begin().Answered(event.CardRequested, fraud.CardAnswer{Fingerprint: "fp", Country: country}).
			ThenKinds(event.CardIdentified, event.OrderSeen)
	}
	for want, got := range map[string][]string{
		"cleared":              hits(t, begin().Answered(event.CardRequested, fraud.CardAnswer{})),
		"cleared ":             hits(t, known("").When(measured("card", 5, 600))),
		"cleared card_country": hits(t, known("FR").When(measured("card", 5, 600))),
		"card_velocity":        hits(t, known("").When(measured("card", 6, 600))),
	} {
		if text := join(got); text != want && text+" " != want {
			t.Errorf("decided %q, not %q", text, want)
		}
	}
	listed := event.VelocityMeasured.Of(event.VelocityMeasuredV1{Subject: "card", History: event.HistoryV1{Listed: true}})
	if got := hits(t, known("").When(listed)); join(got) != "card_charged_back" {
		t.Error(got)
	}
}

func TestAnOrderWithoutCardWaitsForItsOtherHistories(t *testing.T) {
	t.Parallel()
	d := sagatest.Given(t, counting).When(byCard("tok_card_ann")).
		Answered(event.CardRequested, fraud.CardAnswer{}).ThenKinds(event.CardIdentified).
		When(measured("customer", 3, 3600))
	if got := hits(t, d); join(got) != "velocity" {
		t.Error(got)
	}
}

func join(words []string) (text string) {
	for i, w := range words {
		if i > 0 {
			text += " "
		}
		text += w
	}
	return text
}

func TestFactsThatDoNotComeInTimeLeadToAReview(t *testing.T) {
	t.Parallel()
	requested := event.FactsRequested.Of(event.FactsRequestedV1{Awaits: []string{"card"}})
	d := sagatest.Given(t, machine, requested).Expired(requested).ThenKinds(event.ReviewRequested)
	if got := hits(t, d); join(got) != "facts_missing" {
		t.Error(got)
	}
	d.When(measured("card", 1, 600)).Then().Expired(requested).Then().
		Answered(event.CardRequested, fraud.CardAnswer{Fingerprint: "fp"}).Then()
	sagatest.Given(t, machine, requested, cleared(0)).Expired(requested).Then()
}

func TestACancelledOrderIsNotClearedWhenItsFactsCome(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, counting).When(byCard("tok_ok")).When(cancelled).ThenKinds(event.Closed).
		When(measured("customer", 1, 3600)).Then()
	sagatest.Given(t, counting).When(cancelled).ThenKinds(event.Closed).When(byCard("tok_ok")).Then()
}

func TestASubjectIsListedUntilItsLatestEntryHasEnded(t *testing.T) {
	t.Parallel()
	buys := byCard("tok_ok")
	about := func(e saga.Event) saga.Event {
		e.Key = fraud.SubjectsOf(buys.Data.(order.ValidatedV1))[1]
		return e
	}
	on := func(entry int64) saga.Event { return about(event.Listed.Of(event.ListedV1{Entry: entry})) }
	off := about(event.Delisted.Of(event.DelistedV1{Entry: 1}))
	for want, said := range map[string][]saga.Event{"cleared": {on(1), off}, "address_charged_back": {on(1), off, on(2)}} {
		if got := hits(t, sagatest.Given(t, machine).Knowing(said...).When(buys)); join(got) != want {
			t.Errorf("decided %q, not %q", got, want)
		}
	}
}

func TestRulesInForceAreThoseOfTheEventAndOnesThatCannotBeReadLeadToAReview(t *testing.T) {
	t.Parallel()
	force := func(text string) saga.Event {
		e := event.RulesActivated.Of(event.RulesActivatedV1{Name: "n", Version: "v", Text: text})
		e.Key = fraud.Live
		return e
	}
	strict := `{name: strict, review: 1, reject: 100, rules: [{name: all, score: 1, when: "true"}]}`
	r, err := rules.Read(strict)
	if err != nil {
		t.Fatal(err)
	}
	d := sagatest.Given(t, machine).Knowing(force(strict)).When(byCard("tok_ok")).ThenKinds(event.ReviewRequested)
	if e := d.Emitted()[0].Data.(event.ReviewRequestedV1); join(e.Rules) != "all" || e.RuleSet != r.Set() {
		t.Errorf("%+v", e)
	}
	d = sagatest.Given(t, machine).Knowing(force("rules of a later program")).When(byCard("tok_ok"))
	if got := hits(t, d); join(got) != "rules_unreadable" {
		t.Error(got)
	}
	sets := fraud.RuleSets.Machine()
	activate := fraud.ActivateRules.Of(force(strict).Data.(event.RulesActivatedV1))
	sagatest.Given(t, sets).When(activate).ThenKinds(event.RulesActivated).When(activate).Then()
}
