package fraud

import (
	"time"

	event "orderflow.example/schemas/fraud"
	"orderflow.example/schemas/order"
	"orderflow.example/shared/saga"
)

// reviewWithin is how long an operator has. The order service waits a day longer.
const reviewWithin = 7 * 24 * time.Hour

// Choreography is everything the fraud service reacts to.
var Choreography = saga.Choreography[Case]{
	Service: "fraud",
	Blank:   Blank,
	Evolve:  Evolve,
	Final:   []saga.Kind{event.Closed},
	Rows: []saga.Row{
		saga.On(order.Validated, assess, event.Cleared, event.Rejected, event.ReviewRequested),
		saga.On(DecideReview, decideReview, event.Cleared, event.Rejected),
		saga.After(reviewWithin, event.ReviewRequested, giveUp, event.Rejected).
			Settled(event.Cleared, event.Rejected, event.Closed),
		saga.On(order.Cancelled, closeCase, event.Closed).Compensates(event.ReviewRequested),
	},
}

// DecideReview is an operator's command about an order in review.
var DecideReview = saga.Command[Decision]("decide_review")

// Decision is what an operator decided.
type Decision struct {
	Approve bool
	By      string // the operator
}
