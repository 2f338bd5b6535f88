// Package payment decides the gateway's part in an order: it authorises the amount once goods are reserved and fraud has cleared
// the order, captures it when the parcel is packed, just before the hand-over, and voids it if the order is cancelled before.
// Captured money is given back by the refund service. What the gateway notifies of and what it answers are one log: the
// service's own events, from which the amounts follow. Whichever comes first becomes an event, the other changes nothing.
//
// It is pure: the gateway itself is in internal/gateway, rows in internal/store.
package payment

import (
	"slices"
	"strings"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/payment"
	"orderflow.example/shared/saga"
)

// Status is the state of the payment of one order.
type Status string

const (
	Waiting       Status = "waiting"        // for the order, its goods, and fraud to clear it
	Authorizing   Status = "authorizing"    // the gateway is asked to set money aside
	Authorized    Status = "authorized"     // money is set aside
	Declined      Status = "declined"       // the gateway refused
	Unknown       Status = "unknown"        // the gateway did not answer in time
	Capturing     Status = "capturing"      // the gateway is asked to take the money
	Captured      Status = "captured"       // the money is taken
	CaptureFailed Status = "capture_failed" // the gateway refused; the money is still set aside
	Voiding       Status = "voiding"        // the gateway is asked to void
	Voided        Status = "voided"         // nothing is set aside, and nothing will be
	Expired       Status = "expired"        // nothing was set aside in time, and nothing will be
)

// Payment is this service's state of one order.
type Payment struct {
	Order     string
	Status    Status
	Known     bool // the order was validated
	Goods     bool // the goods are reserved
	Trust     bool // fraud cleared it
	Withdrawn bool // the order was cancelled while the gateway was being asked
	Token     string
	Amount    schemas.Money
	Attempt   string               // of the authorisation: the id of its request
	Reference string               // the gateway's id of the authorisation
	Asked     int64                // what the gateway is asked to capture, in minor units
	Lines     []schemas.Allocation // the goods that is for; nil where it is for all of the order
	Captured  int64                // minor units
	Voided    int64                // minor units

	Disputes []Dispute // sorted by id
	Reversed []string  // ids of the refunds that came back, sorted
}

// Dispute is one that the customer opened at their bank. The gateway took the amount when it was opened.
type Dispute struct {
	ID     string        `json:"id"`
	Status DisputeStatus `json:"status"`
	Amount int64         `json:"amount"` // minor units
}

// DisputeStatus is the state of a dispute.
type DisputeStatus string

const (
	DisputeOpen DisputeStatus = "open"
	DisputeWon  DisputeStatus = "won" // by the shop, which has the amount back
	DisputeLost DisputeStatus = "lost"
)

// ChargedBack is the amount that disputes took and that did not come back, in minor units.
func (p Payment) ChargedBack() (sum int64) {
	for _, d := range p.Disputes {
		if d.Status != DisputeWon {
			sum += d.Amount
		}
	}
	return sum
}

// dispute finds a dispute by its id; status "" if there is none.
func (p Payment) dispute(id string) (d Dispute) {
	if i := slices.IndexFunc(p.Disputes, func(d Dispute) bool { return d.ID == id }); i >= 0 {
		return p.Disputes[i]
	}
	return d
}

// with puts one dispute into a copy.
func (p Payment) with(d Dispute) Payment {
	p.Disputes = append(slices.DeleteFunc(slices.Clone(p.Disputes), func(o Dispute) bool { return o.ID == d.ID }), d)
	slices.SortFunc(p.Disputes, func(a, b Dispute) int { return strings.Compare(a.ID, b.ID) })
	return p
}

// Blank is the payment of an order without events.
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
		p.Status, p.Asked, p.Lines = Capturing, d.Amount.Amount, d.Lines
	case event.CapturedV1:
		p.Status, p.Captured = Captured, d.Amount.Amount
	case event.CaptureFailedV1:
		p.Status = CaptureFailed
	case event.WithdrawnV1:
		p.Withdrawn = true
	case event.ExpiredV1:
		p.Status = Expired
	case event.ChargedBackV1:
		p = p.with(Dispute{ID: d.DisputeID, Status: DisputeOpen, Amount: d.Amount.Amount})
	case event.ChargebackReversedV1:
		p = p.with(Dispute{ID: d.DisputeID, Status: DisputeWon, Amount: d.Amount.Amount})
	case event.DisputeLostV1:
		p = p.with(Dispute{ID: d.DisputeID, Status: DisputeLost, Amount: d.Amount.Amount})
	case event.RefundReversedV1:
		p.Reversed = append(slices.Clone(p.Reversed), d.RefundID)
		slices.Sort(p.Reversed)
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
