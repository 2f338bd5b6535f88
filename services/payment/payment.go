// Package payment decides the gateway's part in an order: it authorises the amount once goods are reserved and fraud has cleared
// the order, captures it when the parcel is packed, just before the hand-over, and voids it if the order is cancelled before. Of
// an order that leaves in several parcels each is captured when it is packed, and the rest voided once none is left.
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
	Capturing     Status = "capturing"      // the gateway is asked to take the money, all that it will
	Captured      Status = "captured"       // the money is taken, all that will be
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
	Asked     int64                // what the gateway is asked to capture for all of the order, in minor units
	Lines     []schemas.Allocation // the goods that is for; nil where they are all of the order
	Parcels   int64                // that the order leaves in; 0 for one
	Once      bool                 // the authorisation can be captured only once: for all parcels together
	Parts     []Part               // of several parcels, sorted by shipment
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
			p.Goods, p.Amount, p.Parcels = true, *d.Amount, d.Captures
		case byTrust:
			p.Trust = true
		case byParcel:
			p.Parcels, p.Once = d.Captures, true
			p = p.withPart(Part{ShipmentID: d.ShipmentID, Status: PartPacked, Lines: d.Lines})
		}
	case event.AuthorizationRequestedV1:
		p.Known, p.Goods, p.Trust = true, true, true
		p.Status, p.Attempt, p.Amount, p.Token, p.Parcels = Authorizing, e.ID, d.Amount, d.PaymentToken, d.Captures
	case event.AuthorizedV1:
		p.Status, p.Reference, p.Once = Authorized, d.Reference, d.Once
	case event.DeclinedV1:
		p.Status = Declined
	case event.OutcomeUnknownV1:
		p.Status = Unknown
	case event.CaptureRequestedV1:
		if d.ShipmentID == "" {
			p.Status, p.Asked, p.Lines = Capturing, d.Amount.Amount, d.Lines
		} else {
			p = p.withPart(Part{ShipmentID: d.ShipmentID, ID: e.ID, Status: PartAsked, Amount: d.Amount.Amount, Lines: d.Lines})
		}
	case event.CapturedV1:
		if d.ShipmentID != "" {
			p = p.withPart(p.part(d.ShipmentID).taken(d.Amount.Amount))
		}
		if p.Captured += d.Amount.Amount; d.ShipmentID == "" || p.Open() == 0 {
			p.Status = Captured
		}
	case event.CaptureFailedV1:
		if d.ShipmentID == "" {
			p.Status = CaptureFailed
		} else {
			p = p.withPart(p.part(d.ShipmentID).failed())
		}
	case event.WithdrawnV1:
		if d.ShipmentID == "" {
			p.Withdrawn = true
		} else {
			p = p.withPart(p.part(d.ShipmentID).withdrawn())
		}
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
