package fraud

import (
	"slices"
	"time"

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

// assess applies the rules. A case that exists already was decided, or its order is cancelled. If a rule needs the number of
// orders of the customer, they are counted first, unless the order is rejected in any case.
func (r Rules) assess(c Case, e order.ValidatedV1) []saga.Event {
	if c.Status != Unknown {
		return nil
	}
	score, hits := scored(e)
	if r.Velocity.Orders == 0 || score >= rejectFrom {
		return verdict(score, hits)
	}
	return []saga.Event{
		event.CountRequested.Of(event.CountRequestedV1{Score: score, Rules: hits, Orders: r.Velocity.Orders}),
		event.OrderSeen.About(e.CustomerID, event.OrderSeenV1{OrderID: c.Order, Orders: r.Velocity.Orders,
			WithinSeconds: int64(r.Velocity.Within / time.Second)}),
	}
}

// weigh applies the rule that the orders were counted for, with its limits of that time.
func weigh(c Case, e event.VelocityMeasuredV1) []saga.Event {
	if c.Status != Counting {
		return nil
	}
	if e.Orders <= c.Orders {
		return verdict(c.Score, c.Rules)
	}
	return verdict(min(c.Score+velocityScore, 100), append(slices.Clip(c.Rules), velocityRule))
}

// giveUpCounting requests a review of an order whose count did not come in time.
func giveUpCounting(c Case, _ event.CountRequestedV1) []saga.Event {
	if c.Status != Counting {
		return nil
	}
	hits := append(slices.Clip(c.Rules), notCounted)
	return []saga.Event{event.ReviewRequested.Of(event.ReviewRequestedV1{Score: c.Score, Rules: hits})}
}

func verdict(score int64, hits []string) []saga.Event {
	switch {
	case score >= rejectFrom:
		return []saga.Event{event.Rejected.Of(event.RejectedV1{Score: score, Rules: hits, By: byRules})}
	case score >= reviewFrom:
		return []saga.Event{event.ReviewRequested.Of(event.ReviewRequestedV1{Score: score, Rules: hits})}
	}
	return []saga.Event{event.Cleared.Of(event.ClearedV1{Score: score, Rules: hits, By: byRules})}
}

// decideReview emits nothing if no review is open; the state tells why.
func decideReview(c Case, d Decision) []saga.Event {
	if c.Status != InReview {
		return nil
	}
	if d.Approve {
		return []saga.Event{event.Cleared.Of(event.ClearedV1{Score: c.Score, Rules: c.Rules, By: byOperator, Operator: d.By,
			Request: d.Request})}
	}
	return []saga.Event{event.Rejected.Of(event.RejectedV1{Score: c.Score, Rules: c.Rules, By: byOperator, Operator: d.By,
		Request: d.Request})}
}

func giveUp(c Case, _ event.ReviewRequestedV1) []saga.Event {
	if c.Status != InReview {
		return nil
	}
	return []saga.Event{event.Rejected.Of(event.RejectedV1{Score: c.Score, Rules: c.Rules, By: byDeadline})}
}

// closeCase ends the review of a cancelled order, and notes a cancellation that arrives first, so that the order is not cleared
// after it.
func closeCase(c Case, _ order.CancelledV1) []saga.Event {
	if c.Status != InReview && c.Status != Unknown && c.Status != Counting {
		return nil
	}
	return []saga.Event{event.Closed.Of(event.ClosedV1{})}
}
