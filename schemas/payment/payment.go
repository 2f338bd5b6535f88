// Package payment holds the events of the payment service: requests to the gateway and its answers.
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
)

// Events lists all events of the package.
var Events = []saga.Kind{
	Readied, AuthorizationRequested, Authorized, Declined, OutcomeUnknown, CaptureRequested, Captured, CaptureFailed,
	Withdrawn, VoidRequested, Voided,
}

// ReadiedV1: one of the three things an authorisation waits for is there: the order, the goods, the trust.
type ReadiedV1 struct {
	By           string         `json:"by"`                      // order, goods or trust
	Amount       *schemas.Money `json:"amount,omitempty"`        // with goods: what they cost
	PaymentToken string         `json:"payment_token,omitempty"` // with order: the gateway's token
}

// AuthorizationRequestedV1 asks the gateway to set the amount aside. The event's id is the attempt's idempotency key.
type AuthorizationRequestedV1 struct {
	Amount       schemas.Money `json:"amount"`
	PaymentToken string        `json:"payment_token"`
}

// AuthorizedV1: the gateway set the amount aside.
type AuthorizedV1 struct {
	Attempt   string        `json:"attempt"` // the id of the authorization_requested event
	Reference string        `json:"reference"`
	Amount    schemas.Money `json:"amount"`
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

// CaptureRequestedV1 asks the gateway to take the amount set aside.
type CaptureRequestedV1 struct {
	Attempt   string        `json:"attempt"` // the authorisation it captures
	Reference string        `json:"reference"`
	Amount    schemas.Money `json:"amount"`
}

// CapturedV1: the gateway took the amount.
type CapturedV1 struct {
	Reference string        `json:"reference"`
	Amount    schemas.Money `json:"amount"`
}

// CaptureFailedV1: the gateway will not take the amount it set aside.
type CaptureFailedV1 struct {
	Reference string `json:"reference"`
	Reason    string `json:"reason"`
}

// WithdrawnV1: the order was cancelled while the gateway was being asked. Its answer is awaited, then undone.
type WithdrawnV1 struct{}

// VoidRequestedV1 asks the gateway to let go of the amount of one attempt, whether it knows of it or not.
type VoidRequestedV1 struct {
	Attempt string        `json:"attempt"`
	Amount  schemas.Money `json:"amount"`
}

// VoidedV1: nothing is set aside for the order any more.
type VoidedV1 struct {
	Attempt string         `json:"attempt,omitempty"`
	Amount  *schemas.Money `json:"amount,omitempty"` // what was let go; absent where nothing had been set aside
}
