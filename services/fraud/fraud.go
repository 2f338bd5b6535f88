// Package fraud decides whether an order is trusted, by rules on the order and on the history of what it has in common with
// others: its customer, card, address and mail domain. If the rules are not conclusive a person decides, and if no one does in
// time, the order is rejected.
//
// The rules are data: a text that an event puts in force, so that every decision can be taken again with the rules of its time.
// Histories are kept by subject, in machines of their own; an order asks for those that the rules use, and waits for them. Which
// card a token stands for only the gateway knows, and payment asks it after an order is cleared; so fraud asks it by itself, for
// the tokens that the rules name.
//
// It is pure: operators decide through internal/api, rows are in internal/store, rules are read by internal/rules.
package fraud

import (
	"slices"
	"time"

	event "orderflow.example/schemas/fraud"
	"orderflow.example/shared/saga"
)

// Status is the state of the case of one order.
type Status string

const (
	Unknown   Status = ""          // the order has no event here
	Gathering Status = "gathering" // the history of some subjects is awaited
	Cleared   Status = "cleared"   // it is trusted
	Rejected  Status = "rejected"  // it is not trusted
	InReview  Status = "in_review" // a person has to decide
	Closed    Status = "closed"    // the order was cancelled before a decision
)

// Case is this service's state of one order.
type Case struct {
	Order    string
	Status   Status
	Score    int64     // 0 harmless … 100
	Rules    []string  // those that added to the score
	RuleSet  string    // name@version
	Facts    Facts     // while they are gathered
	Awaits   []string  // kinds of subjects whose history is missing
	Subjects []string  // what it has in common with other orders
	Outcomes []string  // disputes and refunds that its subjects were told of
	By       string    // who decided: rules, operator or deadline
	Operator string    // which operator
	Since    time.Time // when a review was requested; zero if none was
}

// Blank is the case of an order without events.
func Blank(order string) Case { return Case{Order: order} }

// IsDecidedBy tells whether the case was decided by this decision.
func (c Case) IsDecidedBy(d Decision) bool {
	return c.By == byOperator && c.Operator == d.By && d.Approve == (c.Status == Cleared)
}

// Due is when a review ends without a decision; zero if none was requested.
func (c Case) Due() time.Time {
	if c.Since.IsZero() {
		return c.Since
	}
	return c.Since.Add(reviewWithin)
}

// Evolve folds the service's own events.
func Evolve(c Case, e saga.Event) Case {
	switch d := e.Data.(type) {
	case event.FactsRequestedV1:
		c.Status, c.Score, c.Rules, c.RuleSet, c.Awaits, c.Subjects = Gathering, d.Score, d.Rules, d.RuleSet, d.Awaits, d.Subjects
		c.Facts = Facts{Order: d.Facts, CardWindows: d.CardWindows}
	case event.CardIdentifiedV1:
		c.Facts.CardCountry = d.Country
		if d.Fingerprint == "" {
			c.Awaits = without(c.Awaits, Card)
		} else {
			c.Subjects = append(slices.Clip(c.Subjects), SubjectKey(Card, d.Fingerprint))
		}
	case event.FactNotedV1:
		c.Facts = c.Facts.With(d.Subject, d.History)
		c.Awaits = without(c.Awaits, d.Subject)
	case event.OutcomeNotedV1:
		c.Outcomes = append(slices.Clip(c.Outcomes), d.Ref)
	case event.ClearedV1:
		c = c.judged(Cleared, d.Score, d.Rules, d.RuleSet, d.Subjects)
		c.By, c.Operator = d.By, d.Operator
	case event.RejectedV1:
		c = c.judged(Rejected, d.Score, d.Rules, d.RuleSet, nil)
		c.By, c.Operator = d.By, d.Operator
	case event.ReviewRequestedV1:
		c = c.judged(InReview, d.Score, d.Rules, d.RuleSet, d.Subjects)
		c.Since = e.Time
	case event.ClosedV1:
		c.Status, c.Facts, c.Awaits = Closed, Facts{}, nil
	}
	return c
}

// judged forgets the facts: the events have them.
func (c Case) judged(s Status, score int64, hits []string, ruleSet string, subjects []string) Case {
	c.Status, c.Score, c.Rules, c.RuleSet, c.Facts, c.Awaits = s, score, hits, ruleSet, Facts{}, nil
	if subjects != nil {
		c.Subjects = subjects
	}
	return c
}

func without(list []string, one string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == one })
}
