package payment

import (
	"time"

	"orderflow.example/schemas"
	"orderflow.example/schemas/fraud"
	"orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	event "orderflow.example/schemas/payment"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/shared/saga"
)

// Choreography is everything the payment service reacts to.
var Choreography = saga.Choreography[Payment]{
	Service: "payment",
	Key:     saga.Order,
	Blank:   Blank,
	Evolve:  Evolve,
	Failed:  []saga.Kind{event.Declined, event.OutcomeUnknown, event.CaptureFailed},
	Final:   []saga.Kind{event.Withdrawn},
	Rows: []saga.Row{
		saga.On(order.Validated, orderKnown, event.Readied, event.AuthorizationRequested),
		saga.On(inventory.Reserved, goodsReserved, event.Readied, event.AuthorizationRequested),
		saga.On(fraud.Cleared, trusted, event.Readied, event.AuthorizationRequested),

		saga.After(payWithin, event.Readied, expire, event.Expired).
			Settled(event.AuthorizationRequested, event.Expired, event.Voided),

		saga.Call(event.AuthorizationRequested, Authorize, authorizeAnswered, event.Authorized, event.Declined,
			event.VoidRequested, event.Voided).
			DroppedBy(event.OutcomeUnknown),
		saga.After(2*time.Minute, event.AuthorizationRequested, giveUp, event.OutcomeUnknown, event.VoidRequested).
			Settled(event.Authorized, event.Declined),

		saga.On(warehouse.Packed, capture, event.CaptureRequested, event.Readied),
		saga.On(order.ParcelCancelled, parcelCancelled, event.Withdrawn, event.CaptureRequested, event.VoidRequested),
		saga.Call(event.CaptureRequested, Capture, captureAnswered, event.Captured, event.CaptureFailed, event.VoidRequested).
			UntilAnswered(10 * time.Minute),

		saga.On(order.Cancelled, letGo, event.Withdrawn, event.VoidRequested, event.Voided).
			Compensates(event.AuthorizationRequested, event.Authorized),
		saga.Call(event.VoidRequested, Void, voidAnswered, event.Voided).
			Compensates(event.AuthorizationRequested, event.Authorized).UntilAnswered(time.Hour),

		saga.On(RecordNotification, record, event.Authorized, event.Declined, event.Captured, event.CaptureFailed, event.Voided,
			event.VoidRequested, event.ChargedBack, event.ChargebackReversed, event.DisputeLost, event.RefundReversed),
	},
}

// payWithin is how long an order may wait for the authorisation of its payment, from the last step towards it. It is longer
// than a review of fraud's, and than any back-order.
const payWithin = schemas.MaxBackorder + 12*time.Hour

// The questions to the gateway. Each carries the id of the event that asks, the same on every retry.
var (
	Authorize = saga.Ask[event.AuthorizationRequestedV1, AuthorizeAnswer]("gateway.authorize")
	Capture   = saga.Ask[event.CaptureRequestedV1, CaptureAnswer]("gateway.capture")
	Void      = saga.Ask[event.VoidRequestedV1, VoidAnswer]("gateway.void")
)

// AuthorizeAnswer is the gateway's answer to an authorisation: a reference, or why it refused.
type AuthorizeAnswer struct {
	Reference string
	Once      bool // several captures were asked for, and it can be captured only once
	Refused   string
}

// CaptureAnswer is the gateway's answer to a capture: nothing, or why it refused.
type CaptureAnswer struct {
	ShipmentID string // of the event that asked
	Refused    string
}

// VoidAnswer is the amount the gateway voided, in minor units: 0 if it had never authorised any.
type VoidAnswer struct{ Amount int64 }
