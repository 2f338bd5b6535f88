package fraud

import (
	"slices"
	"time"

	event "orderflow.example/schemas/fraud"
	"orderflow.example/schemas/order"
	"orderflow.example/shared/saga"
)

// Who decides.
const (
	byRules    = "rules"
	byOperator = "operator"
	byDeadline = "deadline"
)

// assess applies the rules. A case that is there already was decided, or its order is cancelled. Where a rule asks how many
// orders the customer has placed, that is counted first, unless the order is not trusted in any case.
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

// weigh applies the rule that the order was counted for, as it was then.
func weigh(c Case, e event.VelocityMeasuredV1) []saga.Event {
	if c.Status != Counting {
		return nil
	}
	if e.Orders <= c.Orders {
		return verdict(c.Score, c.Rules)
	}
	return verdict(min(c.Score+velocityScore, 100), append(slices.Clip(c.Rules), velocityRule))
}

// giveUpCounting leaves it to a person what nobody has counted.
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

// decideReview refuses by answering nothing where no review is open; the state says why.
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

// closeCase ends a review nobody needs any more, and leaves word of the cancellation where it comes first, so that
// nothing is cleared after it.
func closeCase(c Case, _ order.CancelledV1) []saga.Event {
	if c.Status != InReview && c.Status != Unknown && c.Status != Counting {
		return nil
	}
	return []saga.Event{event.Closed.Of(event.ClosedV1{})}
}
