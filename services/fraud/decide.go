package fraud

import (
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

// assess applies the rules. A case that is there already was decided, or its order is cancelled.
func assess(c Case, e order.ValidatedV1) []saga.Event {
	if c.Status != Unknown {
		return nil
	}
	score, hits := scored(e)
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
		return []saga.Event{event.Cleared.Of(event.ClearedV1{Score: c.Score, Rules: c.Rules, By: byOperator, Operator: d.By})}
	}
	return []saga.Event{event.Rejected.Of(event.RejectedV1{Score: c.Score, Rules: c.Rules, By: byOperator, Operator: d.By})}
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
	if c.Status != InReview && c.Status != Unknown {
		return nil
	}
	return []saga.Event{event.Closed.Of(event.ClosedV1{})}
}
