// Package fraud holds the events of the fraud service: whether an order is trusted.
package fraud

import "orderflow.example/shared/saga"

var (
	Cleared         = saga.Define[ClearedV1]("fraud.cleared.v1")
	Rejected        = saga.Define[RejectedV1]("fraud.rejected.v1")
	ReviewRequested = saga.Define[ReviewRequestedV1]("fraud.review_requested.v1")
	Closed          = saga.Define[ClosedV1]("fraud.closed.v1")
)

// Events lists them all.
var Events = []saga.Kind{
	Cleared, Rejected, ReviewRequested, Closed,
}

// ClearedV1: the order is trusted.
type ClearedV1 struct {
	Score    int64    `json:"score"`              // 0 harmless … 100
	Rules    []string `json:"rules,omitempty"`    // the rules that added to the score
	By       string   `json:"by"`                 // rules, or operator
	Operator string   `json:"operator,omitempty"` // who decided, with operator
}

// RejectedV1: the order is not trusted.
type RejectedV1 struct {
	Score    int64    `json:"score"`
	Rules    []string `json:"rules,omitempty"`
	By       string   `json:"by"`                 // rules, operator, or deadline
	Operator string   `json:"operator,omitempty"` // who decided, with operator
}

// ReviewRequestedV1: a person has to decide.
type ReviewRequestedV1 struct {
	Score int64    `json:"score"`
	Rules []string `json:"rules"`
}

// ClosedV1: the order was cancelled before anybody decided; there is nothing left to decide.
type ClosedV1 struct{}
