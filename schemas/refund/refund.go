// Package refund holds the events of the refund service: money that goes back to the customer.
package refund

import (
	"orderflow.example/schemas"
	"orderflow.example/shared/saga"
)

var (
	Readied   = saga.Define[ReadiedV1]("refund.readied.v1")
	Requested = saga.Define[RequestedV1]("refund.requested.v1")
	Issued    = saga.Define[IssuedV1]("refund.issued.v1")
	Failed    = saga.Define[FailedV1]("refund.failed.v1")
)

// Events lists all events of the package.
var Events = []saga.Kind{
	Readied, Requested, Issued, Failed,
}

// ReadiedV1: one of the things a refund needs is known: what was captured, or why money is owed.
type ReadiedV1 struct {
	By        string               `json:"by"` // captured, cancelled, lost or returned
	Reference string               `json:"reference,omitempty"`
	Captured  *schemas.Money       `json:"captured,omitempty"`
	ReturnID  string               `json:"return_id,omitempty"`
	Lines     []schemas.Allocation `json:"lines,omitempty"`
}

// RequestedV1 asks the gateway to give money back. The event's id is the refund's idempotency key.
type RequestedV1 struct {
	Reason    string               `json:"reason"` // cancelled, lost or returned
	Reference string               `json:"reference"`
	Amount    schemas.Money        `json:"amount"`
	ReturnID  string               `json:"return_id,omitempty"`
	Lines     []schemas.Allocation `json:"lines,omitempty"` // with returned and lost: the goods it is for
}

// IssuedV1: the gateway gave the money back.
type IssuedV1 struct {
	RefundID string               `json:"refund_id"` // the id of the requested event
	Reason   string               `json:"reason"`
	Amount   schemas.Money        `json:"amount"`
	ReturnID string               `json:"return_id,omitempty"`
	Lines    []schemas.Allocation `json:"lines,omitempty"`
}

// FailedV1: the gateway refused to give the money back; it is asked again a day later.
type FailedV1 struct {
	RefundID string        `json:"refund_id"`
	Reason   string        `json:"reason"`
	Amount   schemas.Money `json:"amount"`
}
