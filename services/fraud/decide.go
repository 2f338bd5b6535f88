package fraud

import (
	"slices"

	event "orderflow.example/schemas/fraud"
	"orderflow.example/schemas/order"
	"orderflow.example/shared/saga"
)

// The deciders of a case.
const (
	byRules    = "rules"
	byOperator = "operator"
	byDeadline = "deadline"
)

// The reasons for a review that are no rules.
const (
	factsMissing    = "facts_missing"    // they did not come in time
	rulesUnreadable = "rules_unreadable" // by this program
)

// assess applies the rules. A case that exists already was decided, or its order is cancelled. If the rules use the history of
// subjects, that is asked for first, unless the order is rejected in any case.
func (j judge) assess(c Case, e order.ValidatedV1, look saga.Look) []saga.Event {
	if c.Status != Unknown {
		return nil
	}
	c.Subjects = SubjectsOf(e)
	r := j.live(look)
	if r == nil {
		return unreadable(c)
	}
	f := FactsOf(e)
	for _, s := range c.Subjects {
		if kind := KindOf(s); slices.Contains(r.Listed, kind) && listed(look, s) {
			f.Order.Listed = append(f.Order.Listed, kind)
		}
	}
	score, hits := r.Score(f)
	d := event.FactsRequestedV1{Score: score, Rules: hits, RuleSet: r.Set(), Facts: f.Order, Subjects: c.Subjects}
	if !r.Token {
		d.Facts.Token = ""
	}
	var asks []saga.Event
	for _, s := range c.Subjects {
		if windows, asked := r.Asks[KindOf(s)]; asked {
			d.Awaits = append(d.Awaits, KindOf(s))
			asks = append(asks, event.OrderSeen.About(s, event.OrderSeenV1{OrderID: c.Order, Windows: windows}))
		}
	}
	if windows, asked := r.Asks[Card]; asked && r.AsksCard(f) {
		d.Awaits, d.CardWindows = append(d.Awaits, Card), windows
		asks = append(asks, event.CardRequested.Of(event.CardRequestedV1{PaymentToken: e.PaymentToken}))
	}
	if len(asks) == 0 || score >= r.Reject {
		return r.verdict(c, score, hits)
	}
	return append([]saga.Event{event.FactsRequested.Of(d)}, asks...)
}

// cardAnswered notes the gateway's answer, and asks for the history of the card.
func cardAnswered(c Case, a CardAnswer) []saga.Event {
	if c.Status != Gathering || !slices.Contains(c.Awaits, Card) {
		return nil
	}
	events := []saga.Event{event.CardIdentified.Of(event.CardIdentifiedV1(a))}
	if a.Fingerprint != "" {
		events = append(events, event.OrderSeen.About(SubjectKey(Card, a.Fingerprint),
			event.OrderSeenV1{OrderID: c.Order, Windows: c.Facts.CardWindows}))
	}
	return events
}

// cardIdentified goes on without a card: it has no history.
func (j judge) cardIdentified(c Case, e event.CardIdentifiedV1, look saga.Look) []saga.Event {
	if c.Status != Gathering || e.Fingerprint != "" {
		return nil
	}
	return j.judge(c, look)
}

// measured takes in the history of a subject. With the last one the rules are applied: those in force now.
func (j judge) measured(c Case, e event.VelocityMeasuredV1, look saga.Look) []saga.Event {
	if c.Status != Gathering || !slices.Contains(c.Awaits, e.Subject) {
		return nil
	}
	noted := event.FactNoted.Of(event.FactNotedV1(e))
	if next := Evolve(c, noted); len(next.Awaits) == 0 {
		return j.judge(next, look)
	}
	return []saga.Event{noted}
}

// judge applies the rules to a case with all its facts.
func (j judge) judge(c Case, look saga.Look) []saga.Event {
	if len(c.Awaits) > 0 {
		return nil
	}
	r := j.live(look)
	if r == nil {
		return unreadable(c)
	}
	score, hits := r.Score(c.Facts)
	return r.verdict(c, score, hits)
}

func unreadable(c Case) []saga.Event {
	return []saga.Event{event.ReviewRequested.Of(event.ReviewRequestedV1{Rules: []string{rulesUnreadable}, Subjects: c.Subjects})}
}

// late requests a review of an order whose facts did not come in time.
func late(c Case) []saga.Event {
	if c.Status != Gathering {
		return nil
	}
	return []saga.Event{event.ReviewRequested.Of(event.ReviewRequestedV1{Score: c.Score, RuleSet: c.RuleSet, Subjects: c.Subjects,
		Rules: append(slices.Clip(c.Rules), factsMissing)})}
}

func giveUpGathering(c Case, _ event.FactsRequestedV1) []saga.Event { return late(c) }

func giveUpOnCard(c Case, _ event.CardRequestedV1) []saga.Event { return late(c) }

func giveUpOnHistory(c Case, _ event.CardIdentifiedV1) []saga.Event { return late(c) }

// Outcome is what a score leads to.
func (r *Rules) Outcome(score int64) Status {
	switch {
	case score >= r.Reject:
		return Rejected
	case score >= r.Review:
		return InReview
	}
	return Cleared
}

func (r *Rules) verdict(c Case, score int64, hits []string) []saga.Event {
	switch r.Outcome(score) {
	case Rejected:
		return []saga.Event{event.Rejected.Of(event.RejectedV1{Score: score, Rules: hits, RuleSet: r.Set(), By: byRules})}
	case InReview:
		return []saga.Event{event.ReviewRequested.Of(event.ReviewRequestedV1{Score: score, Rules: hits, RuleSet: r.Set(),
			Subjects: c.Subjects})}
	}
	return []saga.Event{event.Cleared.Of(event.ClearedV1{Score: score, Rules: hits, RuleSet: r.Set(), By: byRules,
		Subjects: c.Subjects})}
}

// decideReview emits nothing if no review is open; the state tells why.
func decideReview(c Case, d Decision) []saga.Event {
	if c.Status != InReview {
		return nil
	}
	if d.Approve {
		return []saga.Event{event.Cleared.Of(event.ClearedV1{Score: c.Score, Rules: c.Rules, RuleSet: c.RuleSet, By: byOperator,
			Operator: d.By, Request: d.Request})}
	}
	return []saga.Event{event.Rejected.Of(event.RejectedV1{Score: c.Score, Rules: c.Rules, RuleSet: c.RuleSet, By: byOperator,
		Operator: d.By, Request: d.Request})}
}

func giveUp(c Case, _ event.ReviewRequestedV1) []saga.Event {
	if c.Status != InReview {
		return nil
	}
	return []saga.Event{event.Rejected.Of(event.RejectedV1{Score: c.Score, Rules: c.Rules, RuleSet: c.RuleSet, By: byDeadline})}
}

// closeCase ends the review of a cancelled order, and notes a cancellation that arrives first, so that the order is not cleared
// after it.
func closeCase(c Case, _ order.CancelledV1) []saga.Event {
	if c.Status != InReview && c.Status != Unknown && c.Status != Gathering {
		return nil
	}
	return []saga.Event{event.Closed.Of(event.ClosedV1{})}
}
