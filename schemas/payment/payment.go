// Package payment holds the events of the payment service: requests to the gateway, its answers, and what it notifies of.
package payment

import (
	"orderflow.example/schemas"
	"orderflow.example/shared/saga"
)

var (
	Readied                = saga.Define[ReadiedV1]("payment.readied.v1")
	AuthorizationRequested = saga.Define[AuthorizationRequestedV1]("payment.authorization_requested.v1")
	Authorized             = saga.Define[AuthorizedV1]("payment.authorized.v1")
	Declined               = saga.Define[DeclinedV1]("payment.declined.v1")
	OutcomeUnknown         = saga.Define[OutcomeUnknownV1]("payment.outcome_unknown.v1")
	CaptureRequested       = saga.Define[CaptureRequestedV1]("payment.capture_requested.v1")
	Captured               = saga.Define[CapturedV1]("payment.captured.v1")
	CaptureFailed          = saga.Define[CaptureFailedV1]("payment.capture_failed.v1")
	Withdrawn              = saga.Define[WithdrawnV1]("payment.withdrawn.v1")
	VoidRequested          = saga.Define[VoidRequestedV1]("payment.void_requested.v1")
	Voided                 = saga.Define[VoidedV1]("payment.voided.v1")
	Expired                = saga.Define[ExpiredV1]("payment.expired.v1")
	ChargedBack            = saga.Define[ChargedBackV1]("payment.charged_back.v1")
	ChargebackReversed     = saga.Define[ChargebackReversedV1]("payment.chargeback_reversed.v1")
	DisputeLost            = saga.Define[DisputeLostV1]("payment.dispute_lost.v1")
	RefundReversed         = saga.Define[RefundReversedV1]("payment.refund_reversed.v1")
)

// Events lists all events of the package.
var Events = []saga.Kind{
	Readied, AuthorizationRequested, Authorized, Declined, OutcomeUnknown, CaptureRequested, Captured, CaptureFailed,
	Withdrawn, VoidRequested, Voided, Expired, ChargedBack, ChargebackReversed, DisputeLost, RefundReversed,
}

// ReadiedV1: one of the three things an authorisation waits for is there: the order, the goods, the trust. Or one of the parcels
// is packed that are captured together.
type ReadiedV1 struct {
	By           string         `json:"by"`                      // order, goods, trust or parcel
	Amount       *schemas.Money `json:"amount,omitempty"`        // with goods: what they cost
	PaymentToken string         `json:"payment_token,omitempty"` // with order: the gateway's token

	// With goods and parcel: how many parcels the order leaves in, which are captured one by one; absent for one.
	Captures int64 `json:"captures,omitempty" schema:"min=0" example:"2"`

	ShipmentID string               `json:"shipment_id,omitempty" example:"event-4712"` // with parcel
	Lines      []schemas.Allocation `json:"lines,omitempty"`                            // with parcel: what is in it
}

// AuthorizationRequestedV1 asks the gateway to set the amount aside. The event's id is the attempt's idempotency key.
type AuthorizationRequestedV1 struct {
	Amount       schemas.Money `json:"amount"`
	PaymentToken string        `json:"payment_token"`
	Captures     int64         `json:"captures,omitempty" schema:"min=0" example:"2"` // as readied has them
}

// AuthorizedV1: the gateway set the amount aside.
type AuthorizedV1 struct {
	Attempt   string        `json:"attempt"` // the id of the authorization_requested event
	Reference string        `json:"reference"`
	Amount    schemas.Money `json:"amount"`

	// The order leaves in several parcels, and it can be captured only once: for all of them together.
	Once bool `json:"once,omitempty" example:"true"`
}

// DeclinedV1: the gateway refused.
type DeclinedV1 struct {
	Attempt string `json:"attempt"`
	Reason  string `json:"reason"` // card_declined, insufficient_funds, unknown_token
}

// OutcomeUnknownV1: the gateway did not answer in time whether it set the amount aside.
type OutcomeUnknownV1 struct {
	Attempt string `json:"attempt"`
}

// CaptureRequestedV1 asks the gateway to take the amount set aside, or as much of it as the goods cost that are packed. With a
// shipment the rest stays set aside for the order's other parcels.
type CaptureRequestedV1 struct {
	Attempt    string               `json:"attempt"` // the authorisation it captures
	Reference  string               `json:"reference"`
	Amount     schemas.Money        `json:"amount"`
	Lines      []schemas.Allocation `json:"lines,omitempty"` // the goods it is for, where that is not all of the order
	ShipmentID string               `json:"shipment_id,omitempty" example:"event-4712"`
}

// CapturedV1: the gateway took the amount. What else was set aside is let go of, unless it is for the order's other parcels.
type CapturedV1 struct {
	Reference string               `json:"reference"`
	Amount    schemas.Money        `json:"amount"`
	Lines     []schemas.Allocation `json:"lines,omitempty"` // the goods it is for, where that is not all of the order

	// Where the order leaves in several parcels.
	ShipmentID string `json:"shipment_id,omitempty" example:"event-4712"`
}

// CaptureFailedV1: the gateway will not take the amount it set aside.
type CaptureFailedV1 struct {
	Reference  string `json:"reference"`
	Reason     string `json:"reason"`
	ShipmentID string `json:"shipment_id,omitempty" example:"event-4712"` // where the order leaves in several
}

// WithdrawnV1: the order was cancelled while the gateway was being asked: its answer is awaited, then undone. With a shipment,
// only that parcel was, and nothing more is taken for it.
type WithdrawnV1 struct {
	ShipmentID string `json:"shipment_id,omitempty" example:"event-4712"`
}

// VoidRequestedV1 asks the gateway to let go of the amount of one attempt, whether it knows of it or not.
type VoidRequestedV1 struct {
	Attempt string        `json:"attempt"`
	Amount  schemas.Money `json:"amount"`
}

// VoidedV1: nothing is set aside for the order any more.
type VoidedV1 struct {
	Attempt string         `json:"attempt,omitempty"`
	Amount  *schemas.Money `json:"amount,omitempty"` // what was let go; absent where nothing had been set aside

	// What was captured before, of an order that leaves in several parcels, in minor units.
	Captured int64 `json:"captured,omitempty" schema:"min=0" example:"1250"`
}

// ExpiredV1: nothing was authorised in time, and nothing will be.
type ExpiredV1 struct{}

// ChargedBackV1: the customer disputes the payment at their bank, and the gateway took the amount, and the fee, from the shop.
type ChargedBackV1 struct {
	DisputeID string         `json:"dispute_id"`
	Reference string         `json:"reference"`
	Amount    schemas.Money  `json:"amount"`
	Fee       *schemas.Money `json:"fee,omitempty"`               // kept by the gateway, however the dispute ends
	Reason    string         `json:"reason"`                      // fraudulent, product_not_received …, in the gateway's words
	Card      string         `json:"card,omitempty" x:"personal"` // the fingerprint of the card
}

// ChargebackReversedV1: the shop won the dispute and has the amount back.
type ChargebackReversedV1 struct {
	DisputeID string        `json:"dispute_id"`
	Reference string        `json:"reference"`
	Amount    schemas.Money `json:"amount"`
}

// DisputeLostV1: the customer won the dispute. The amount went when it was opened; nothing moves.
type DisputeLostV1 struct {
	DisputeID string        `json:"dispute_id"`
	Reference string        `json:"reference"`
	Amount    schemas.Money `json:"amount"`
}

// RefundReversedV1: a refund that the gateway had made did not arrive; the shop has the amount back.
type RefundReversedV1 struct {
	RefundID  string        `json:"refund_id"` // the id of the refund.requested event
	Reference string        `json:"reference"`
	Amount    schemas.Money `json:"amount"`
	Reason    string        `json:"reason"` // card_closed and so on, in the gateway's words
}
