// Package fraud decides whether an order is trusted, by rules on the order and, if configured, on how many orders its customer
// has placed of late. If the rules are not conclusive a person decides, and if no one does in time, the order is rejected.
//
// The rules do not use chargebacks of earlier orders, nor the billing address: only the gateway knows it.
//
// It is pure: operators decide through internal/api, rows are in internal/store.
package fraud

import (
	"time"

	event "orderflow.example/schemas/fraud"
	"orderflow.example/shared/saga"
)

// Status is the state of the case of one order.
type Status string

const (
	Unknown  Status = ""          // the order has no event here
	Counting Status = "counting"  // its customer's orders are being counted
	Cleared  Status = "cleared"   // it is trusted
	Rejected Status = "rejected"  // it is not trusted
	InReview Status = "in_review" // a person has to decide
	Closed   Status = "closed"    // the order was cancelled before a decision
)

// Case is this service's state of one order.
type Case struct {
	Order    string
	Status   Status
	Score    int64     // 0 harmless … 100
	Rules    []string  // those that added to the score
	Orders   int64     // while counting: more orders of its customer than this are suspicious
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

// Evolve folds the service's own events.
func Evolve(c Case, e saga.Event) Case {
	switch d := e.Data.(type) {
	case event.CountRequestedV1:
		c.Status, c.Score, c.Rules, c.Orders = Counting, d.Score, d.Rules, d.Orders
	case event.ClearedV1:
		c.Status, c.Score, c.Rules, c.By, c.Operator = Cleared, d.Score, d.Rules, d.By, d.Operator
	case event.RejectedV1:
		c.Status, c.Score, c.Rules, c.By, c.Operator = Rejected, d.Score, d.Rules, d.By, d.Operator
	case event.ReviewRequestedV1:
		c.Status, c.Score, c.Rules, c.Since = InReview, d.Score, d.Rules, e.Time
	case event.ClosedV1:
		c.Status = Closed
	}
	return c
}
