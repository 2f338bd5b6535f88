package refund

import (
	"slices"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/refund"
	"orderflow.example/shared/saga"
)

// SettleRefund is an operator's command about an order.
var SettleRefund = saga.Command[Settlement]("settle_refund")

// Settlement tells that a person gave the customer outside the gateway what was owed.
type Settlement struct {
	ID                   string // of the request
	RefundID             string // the last try of the refund
	How, Reference, Note string
	Operator             string
	Request              *schemas.Request
}

// The ways in which a person pays. Both are taken from the shop's account at its bank.
const (
	ByTransfer = "bank_transfer"
	ByCheque   = "cheque"
)

// Paid is how a claim was settled.
type Paid struct {
	ID        string `json:"id"` // of the settlement
	How       string `json:"how"`
	Reference string `json:"reference"`
	Operator  string `json:"operator"`
}

// Why a refund cannot be settled, beside what Refuses tells.
const (
	UnknownRefund  Refusal = "unknown-refund"
	NotOwed        Refusal = "not-owed"
	AlreadySettled Refusal = "already-settled"
	ExceedsLeft    Refusal = "refund-exceeds" // all of it was given back for another reason, or charged back
)

// RefusesToSettle tells why the refund cannot be settled; "" if it can.
func (r Refund) RefusesToSettle(refundID string) Refusal {
	i := slices.IndexFunc(r.Claims, func(c Claim) bool { return c.RefundID == refundID && refundID != "" })
	switch {
	case i < 0:
		return UnknownRefund
	case r.Claims[i].Status == Settled:
		return AlreadySettled
	case r.Claims[i].Status != Owed:
		return NotOwed
	case r.IsDisputed():
		return InDispute
	case r.Outstanding(r.Claims[i]) == 0:
		return ExceedsLeft
	}
	return ""
}

// Outstanding is what the customer is owed of a refund that failed, in minor units: not what they have from their bank, or for
// another reason.
func (r Refund) Outstanding(c Claim) int64 {
	if c.Status != Failed && c.Status != Owed {
		return 0
	}
	t, known := r.about(c)
	if !known {
		return 0
	}
	return min(c.Amount, r.LeftOf(t))
}

// settle notes that a refund that was owed is paid, once.
func settle(r Refund, s Settlement) []saga.Event {
	if r.RefusesToSettle(s.RefundID) != "" {
		return nil
	}
	c := r.Claims[r.asked(s.RefundID, Owed)]
	return []saga.Event{event.Settled.Of(event.SettledV1{SettlementID: s.ID, RefundID: c.RefundID, Reason: c.Reason,
		Amount: r.money(r.Outstanding(c)), ReturnID: c.ReturnID, GrantID: c.GrantID, Lines: c.Lines, Instead: c.Instead,
		Arrears: c.Arrears, ShipmentID: c.ShipmentID, How: s.How, Reference: s.Reference,
		Note: s.Note, Operator: s.Operator, Request: s.Request})}
}

// Settlement finds the claim that a settlement paid; nil if there is none.
func (r Refund) Settlement(id string) *Claim {
	i := slices.IndexFunc(r.Claims, func(c Claim) bool { return c.Paid != nil && c.Paid.ID == id })
	if i < 0 {
		return nil
	}
	return &r.Claims[i]
}

// Settled is what was given back outside the gateway, in minor units.
func (r Refund) Settled() (sum int64) {
	for _, c := range r.Claims {
		if c.Status == Settled {
			sum += c.Amount
		}
	}
	return sum
}
