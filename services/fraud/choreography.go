package fraud

import (
	"time"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/fraud"
	"orderflow.example/schemas/order"
	"orderflow.example/shared/saga"
)

const (
	reviewWithin = 7 * 24 * time.Hour // for an operator; the order service waits a day longer
	countWithin  = time.Minute        // until the customer's orders are counted; then an operator decides without the count
)

// Choreography is everything the fraud service does about an order, by the default rules.
var Choreography = Rules{}.Choreography()

// Choreography is everything the fraud service does about an order by these rules. The rows are always the same, so that
// cases begun under other rules go on.
func (r Rules) Choreography() saga.Choreography[Case] {
	return saga.Choreography[Case]{
		Service: "fraud",
		Key:     saga.Order,
		Blank:   Blank,
		Evolve:  Evolve,
		Failed:  []saga.Kind{event.Rejected},
		Final:   []saga.Kind{event.Closed},
		Rows: []saga.Row{
			saga.On(order.Validated, r.assess,
				event.Cleared, event.Rejected, event.ReviewRequested, event.CountRequested, event.OrderSeen),
			saga.On(event.VelocityMeasured, weigh, event.Cleared, event.Rejected, event.ReviewRequested),
			saga.After(countWithin, event.CountRequested, giveUpCounting, event.ReviewRequested).
				Settled(event.Cleared, event.Rejected, event.ReviewRequested, event.Closed),
			saga.On(DecideReview, decideReview, event.Cleared, event.Rejected),
			saga.After(reviewWithin, event.ReviewRequested, giveUp, event.Rejected).
				Settled(event.Cleared, event.Rejected, event.Closed),
			saga.On(order.Cancelled, closeCase, event.Closed).Compensates(event.ReviewRequested, event.CountRequested),
		},
	}
}

// Customers is what the service does about a customer: it consumes orders of the machine above, and answers them.
var Customers = saga.Choreography[Customer]{
	Service: "fraud",
	Key:     schemas.KeyCustomer,
	Blank:   BlankCustomer,
	Evolve:  EvolveCustomer,
	Rows: []saga.Row{
		saga.On(event.OrderSeen, count, event.OrderCounted),
		saga.On(event.OrderCounted, measure, event.VelocityMeasured),
	},
}

// DecideReview is an operator's command about an order in review.
var DecideReview = saga.Command[Decision]("decide_review")

// Decision is what an operator decided.
type Decision struct {
	Approve bool
	By      string           // the operator
	Request *schemas.Request // the operator's HTTP request
}
