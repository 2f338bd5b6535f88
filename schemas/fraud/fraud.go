// Package fraud holds the events of the fraud service, which decides whether an order is trusted.
package fraud

import (
	"orderflow.example/schemas"
	"orderflow.example/shared/saga"
)

var (
	Cleared         = saga.Define[ClearedV1]("fraud.cleared.v1")
	Rejected        = saga.Define[RejectedV1]("fraud.rejected.v1")
	ReviewRequested = saga.Define[ReviewRequestedV1]("fraud.review_requested.v1")
	Closed          = saga.Define[ClosedV1]("fraud.closed.v1")

	CountRequested   = saga.Define[CountRequestedV1]("fraud.count_requested.v1")
	OrderSeen        = saga.Define[OrderSeenV1]("fraud.order_seen.v1").Keyed(schemas.KeyCustomer)
	OrderCounted     = saga.Define[OrderCountedV1]("fraud.order_counted.v1").Keyed(schemas.KeyCustomer)
	VelocityMeasured = saga.Define[VelocityMeasuredV1]("fraud.velocity_measured.v1")
)

// Events lists all events of the package.
var Events = []saga.Kind{
	Cleared, Rejected, ReviewRequested, Closed, CountRequested, OrderSeen, OrderCounted, VelocityMeasured,
}

// ClearedV1: the order is trusted.
type ClearedV1 struct {
	Score    int64            `json:"score"`                          // 0 harmless … 100
	Rules    []string         `json:"rules,omitempty"`                // the rules that added to the score
	By       string           `json:"by"`                             // rules, or operator
	Operator string           `json:"operator,omitempty"`             // who decided, with operator
	Request  *schemas.Request `json:"request,omitempty" x:"personal"` // of the operator
}

// RejectedV1: the order is not trusted.
type RejectedV1 struct {
	Score    int64            `json:"score"`
	Rules    []string         `json:"rules,omitempty"`
	By       string           `json:"by"`                             // rules, operator, or deadline
	Operator string           `json:"operator,omitempty"`             // who decided, with operator
	Request  *schemas.Request `json:"request,omitempty" x:"personal"` // of the operator
}

// ReviewRequestedV1: a person has to decide.
type ReviewRequestedV1 struct {
	Score int64    `json:"score"`
	Rules []string `json:"rules"`
}

// ClosedV1: the order was cancelled before anybody decided; there is nothing left to decide.
type ClosedV1 struct{}

// CountRequestedV1: before it is decided, the orders of its customer are counted.
type CountRequestedV1 struct {
	Score  int64    `json:"score"` // without that count
	Rules  []string `json:"rules,omitempty"`
	Orders int64    `json:"orders" schema:"min=1"` // more than so many are suspicious
}

// OrderSeenV1: the customer has placed an order that is to be counted.
type OrderSeenV1 struct {
	OrderID       string `json:"order_id" schema:"min=1"`
	Orders        int64  `json:"orders" schema:"min=1"`         // so many are told apart
	WithinSeconds int64  `json:"within_seconds" schema:"min=1"` // what was counted longer ago does not count any more
}

// OrderCountedV1: the order counts among those of its customer.
type OrderCountedV1 struct {
	OrderID       string `json:"order_id" schema:"min=1"`
	Orders        int64  `json:"orders" schema:"min=1"`
	WithinSeconds int64  `json:"within_seconds" schema:"min=1"`
}

// VelocityMeasuredV1: so many orders of the customer, this one among them, were counted within the time.
type VelocityMeasuredV1 struct {
	Orders int64 `json:"orders" schema:"min=1"` // one more than are told apart, where there are more
}
