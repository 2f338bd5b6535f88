// Package refund holds the events of the refund service: money that goes back to the customer.
package refund

import (
	"orderflow.example/schemas"
	"orderflow.example/shared/saga"
)

var (
	Readied      = saga.Define[ReadiedV1]("refund.readied.v1")
	Granted      = saga.Define[GrantedV1]("refund.granted.v1")
	Requested    = saga.Define[RequestedV1]("refund.requested.v1")
	Issued       = saga.Define[IssuedV1]("refund.issued.v1")
	Failed       = saga.Define[FailedV1]("refund.failed.v1")
	Owed         = saga.Define[OwedV1]("refund.owed.v1")
	Settled      = saga.Define[SettledV1]("refund.settled.v1")
	DisputeNoted = saga.Define[DisputeNotedV1]("refund.dispute_noted.v1")
)

// Events lists all events of the package.
var Events = []saga.Kind{
	Readied, Granted, Requested, Issued, Failed, Owed, Settled, DisputeNoted,
}

// ReadiedV1: one of the things a refund needs is known: what was captured, or why money is owed.
type ReadiedV1 struct {
	By        string               `json:"by"` // captured, cancelled, lost or returned
	Reference string               `json:"reference,omitempty"`
	Captured  *schemas.Money       `json:"captured,omitempty"`
	ReturnID  string               `json:"return_id,omitempty"`
	Lines     []schemas.Allocation `json:"lines,omitempty"`

	ShipmentID string `json:"shipment_id,omitempty" example:"event-4712"` // the parcel, where the order leaves in several
}

// GrantedV1: an operator decided that the customer gets money back. The gateway is asked by the requested event that follows.
type GrantedV1 struct {
	GrantID  string               `json:"grant_id" schema:"min=1" example:"019e5a44-2c3d-7b10-8e4f-5a6b7c8d9006"`
	Amount   schemas.Money        `json:"amount"` // of lines, shipping and goodwill together
	Lines    []schemas.Allocation `json:"lines,omitempty"`
	Shipping int64                `json:"shipping,omitempty" example:"250"` // minor units
	Goodwill int64                `json:"goodwill,omitempty" example:"300"` // minor units
	Sold     []schemas.Allocation `json:"sold,omitempty"`                   // with lines: all goods of the order
	Note     string               `json:"note,omitempty" x:"personal" example:"one arrived broken"`
	Operator string               `json:"operator" schema:"min=1"`
	Request  *schemas.Request     `json:"request,omitempty" x:"personal"` // of the operator

	ShipmentID string `json:"shipment_id,omitempty" example:"event-4712"` // the parcel, where the order leaves in several
}

// RequestedV1 asks the gateway to give money back. The event's id is the refund's idempotency key.
type RequestedV1 struct {
	Reason    string               `json:"reason"` // cancelled, lost, returned or granted
	Reference string               `json:"reference"`
	Amount    schemas.Money        `json:"amount"`
	ReturnID  string               `json:"return_id,omitempty"`
	GrantID   string               `json:"grant_id,omitempty" example:"019e5a44-2c3d-7b10-8e4f-5a6b7c8d9006"`
	Lines     []schemas.Allocation `json:"lines,omitempty"` // with returned, lost and granted: the goods it is for

	ShipmentID string `json:"shipment_id,omitempty" example:"event-4712"` // the parcel, where the order leaves in several
}

// IssuedV1: the gateway gave the money back.
type IssuedV1 struct {
	RefundID string               `json:"refund_id"` // the id of the requested event
	Reason   string               `json:"reason"`
	Amount   schemas.Money        `json:"amount"`
	ReturnID string               `json:"return_id,omitempty"`
	GrantID  string               `json:"grant_id,omitempty" example:"019e5a44-2c3d-7b10-8e4f-5a6b7c8d9006"`
	Lines    []schemas.Allocation `json:"lines,omitempty"`

	// What did not arrive: the first refund for this reason, and the most that it and those after it had given back.
	Instead string `json:"instead,omitempty" example:"019e5a44-2c3d-7b10-8e4f-5a6b7c8d9005"`
	Arrears int64  `json:"arrears,omitempty" example:"0"` // minor units

	ShipmentID string `json:"shipment_id,omitempty" example:"event-4712"` // the parcel, where the order leaves in several
}

// FailedV1: the gateway refused to give the money back, or it gave it back and the money did not arrive. It is asked again a day
// later, unless owed follows.
type FailedV1 struct {
	RefundID string        `json:"refund_id"`
	Reason   string        `json:"reason"`
	Amount   schemas.Money `json:"amount"`

	ShipmentID string `json:"shipment_id,omitempty" example:"event-4712"` // the parcel, where the order leaves in several
}

// OwedV1: the refund has failed too often to be tried again. The customer is owed the money, and a person has to see to it.
type OwedV1 struct {
	RefundID string        `json:"refund_id"` // of the last try
	Reason   string        `json:"reason"`    // why that failed
	Amount   schemas.Money `json:"amount"`
}

// SettledV1: a person gave the customer outside the gateway what was owed.
type SettledV1 struct {
	SettlementID string               `json:"settlement_id" schema:"min=1" example:"019e5a44-2c3d-7b10-8e4f-5a6b7c8d9007"`
	RefundID     string               `json:"refund_id"` // the last try of the refund that was owed
	Reason       string               `json:"reason"`    // of the refund
	Amount       schemas.Money        `json:"amount"`
	ReturnID     string               `json:"return_id,omitempty"`
	GrantID      string               `json:"grant_id,omitempty" example:"019e5a44-2c3d-7b10-8e4f-5a6b7c8d9006"`
	Lines        []schemas.Allocation `json:"lines,omitempty"`
	How          string               `json:"how" example:"bank_transfer"`                       // bank_transfer or cheque
	Reference    string               `json:"reference" schema:"min=1" example:"FT-2026-000042"` // of that payment
	Note         string               `json:"note,omitempty" x:"personal" example:"agreed by telephone"`
	Operator     string               `json:"operator" schema:"min=1"`
	Request      *schemas.Request     `json:"request,omitempty" x:"personal"` // of the operator

	// As issued has them.
	Instead string `json:"instead,omitempty" example:"019e5a44-2c3d-7b10-8e4f-5a6b7c8d9005"`
	Arrears int64  `json:"arrears,omitempty" example:"0"`

	ShipmentID string `json:"shipment_id,omitempty" example:"event-4712"` // the parcel, where the order leaves in several
}

// DisputeNotedV1: the customer's dispute of the payment was opened, won by the shop or lost. While one is open nothing is
// refunded, and what was charged back is not refunded again.
type DisputeNotedV1 struct {
	DisputeID string        `json:"dispute_id" schema:"min=1"`
	State     string        `json:"state" example:"open"` // open, won or lost
	Amount    schemas.Money `json:"amount"`
}
