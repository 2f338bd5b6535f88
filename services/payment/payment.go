// Package payment decides what the gateway is asked for an order, and what follows from its answers: it sets the money
// aside once goods and trust are there, takes it when the parcel is packed, just before it is handed over, and lets go of
// it when the order is cancelled before that. Money already taken is the refund service's business.
//
// It is pure: the gateway itself is in internal/gateway, rows in internal/store.
package payment

import (
	"orderflow.example/schemas"
	event "orderflow.example/schemas/payment"
	"orderflow.example/shared/saga"
)

// Status is where the payment of one order stands.
type Status string

const (
	Waiting       Status = "waiting"        // for the order, the goods, the trust
	Authorizing   Status = "authorizing"    // the gateway is asked to set money aside
	Authorized    Status = "authorized"     // money is set aside
	Declined      Status = "declined"       // the gateway refused
	Unknown       Status = "unknown"        // the gateway did not say in time
	Capturing     Status = "capturing"      // the gateway is asked to take the money
	Captured      Status = "captured"       // the money is taken
	CaptureFailed Status = "capture_failed" // the gateway will not take it; it is still set aside
	Voiding       Status = "voiding"        // the gateway is asked to let go
	Voided        Status = "voided"         // nothing is set aside, nothing will be
)

// Payment is what this service knows of one order.
type Payment struct {
	Order     string
	Status    Status
	Known     bool // the order is known
	Goods     bool // the goods are reserved
	Trust     bool // fraud cleared it
	Withdrawn bool // the order was cancelled while the gateway was being asked
	Token     string
	Amount    schemas.Money
	Attempt   string // of the authorisation: the id of its request
	Reference string // the gateway's name for what it set aside
	Captured  int64  // minor units
	Voided    int64  // minor units
}

// Blank is the payment of an order nothing is known of.
func Blank(order string) Payment { return Payment{Order: order, Status: Waiting} }

// Evolve folds the service's own events.
func Evolve(p Payment, e saga.Event) Payment {
	switch d := e.Data.(type) {
	case event.ReadiedV1:
		switch d.By {
		case byOrder:
			p.Known, p.Token = true, d.PaymentToken
		case byGoods:
			p.Goods, p.Amount = true, *d.Amount
		case byTrust:
			p.Trust = true
		}
	case event.AuthorizationRequestedV1:
		p.Known, p.Goods, p.Trust = true, true, true
		p.Status, p.Attempt, p.Amount, p.Token = Authorizing, e.ID, d.Amount, d.PaymentToken
	case event.AuthorizedV1:
		p.Status, p.Reference = Authorized, d.Reference
	case event.DeclinedV1:
		p.Status = Declined
	case event.OutcomeUnknownV1:
		p.Status = Unknown
	case event.CaptureRequestedV1:
		p.Status = Capturing
	case event.CapturedV1:
		p.Status, p.Captured = Captured, d.Amount.Amount
	case event.CaptureFailedV1:
		p.Status = CaptureFailed
	case event.WithdrawnV1:
		p.Withdrawn = true
	case event.VoidRequestedV1:
		p.Status = Voiding
	case event.VoidedV1:
		p.Status = Voided
		if d.Amount != nil {
			p.Voided = d.Amount.Amount
		}
	}
	return p
}
