// Package refund decides how much is refunded to the customer, and why: everything if the order is cancelled or its parcel
// lost, the price of the goods if they are returned, and what an operator grants. Each reason is refunded once, and all together
// never more than was captured and not charged back. Of an order that leaves in several parcels that holds for each parcel. While
// the customer disputes the payment nothing is refunded.
//
// A refund that the gateway refuses, or that does not arrive, is requested again a day later. After some tries the customer is
// owed the money, and a person has to see to it: they pay it outside the gateway and say so.
//
// It is pure: the gateway itself is in internal/gateway, rows in internal/store. An amount that is authorised and not captured
// is voided by the payment service.
package refund

import (
	"cmp"
	"slices"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/refund"
	"orderflow.example/shared/saga"
)

// Refund is this service's state of one order. Amounts are in minor units of the currency.
type Refund struct {
	Order     string
	Taken     bool   // the captured amount is known
	Reference string // the gateway's id of the capture
	Currency  string
	Captured  int64                // the sum
	Captures  []Capture            // of an order that leaves in several parcels and is captured for each, by shipment
	Refunded  int64                // given back
	Pending   int64                // the gateway is asked to give it back
	Claims    []Claim              // in the order in which their events were processed
	Sold      []schemas.Allocation // the goods captured for, if not all of the order, or once an operator refunded some
	Disputes  []Dispute
}

// Dispute is a payment that the customer disputes, or has disputed.
type Dispute struct {
	ID     string `json:"id"`
	State  string `json:"state"`
	Amount int64  `json:"amount"`
}

// The states of a dispute.
const (
	DisputeOpen = "open"
	DisputeWon  = "won"  // the shop has the amount back
	DisputeLost = "lost" // the customer has it
)

// Status is the state of one claim.
type Status string

const (
	Noted   Status = "noted"   // nothing is captured yet, or nothing is left to give back
	Pending Status = "pending" // the gateway is asked
	Issued  Status = "issued"  // the gateway made the refund
	Failed  Status = "failed"  // the gateway refused, or the money did not arrive; it is asked again
	Owed    Status = "owed"    // that failed too often: the customer is owed the money
	Settled Status = "settled" // a person gave what was owed outside the gateway
)

// Claim is one reason for which money is owed, and what was done about it.
type Claim struct {
	Reason     string               `json:"reason"`                // cancelled, lost, returned or granted
	ShipmentID string               `json:"shipment_id,omitempty"` // the parcel, where the order leaves in several and it is known
	ReturnID   string               `json:"return_id,omitempty"`
	GrantID    string               `json:"grant_id,omitempty"`
	Lines      []schemas.Allocation `json:"lines,omitempty"`
	Status     Status               `json:"status"`
	RefundID   string               `json:"refund_id,omitempty"` // the id of the event that asked the gateway
	Amount     int64                `json:"amount,omitempty"`    // granted, or asked for
	Tries      int                  `json:"tries,omitempty"`     // requests to the gateway
	Why        string               `json:"why,omitempty"`       // the last one failed
	Operator   string               `json:"operator,omitempty"`  // who granted it
	Paid       *Paid                `json:"paid,omitempty"`      // with settled
	Instead    string               `json:"instead,omitempty"`   // the first refund that was made and did not arrive
	Arrears    int64                `json:"arrears,omitempty"`   // the most that those had given back
}

// Blank is the refund of an order without events.
func Blank(order string) Refund { return Refund{Order: order} }

// Left is the amount that could still be refunded, in minor units: not what is charged back. A dispute may be about an amount
// that was refunded before.
func (r Refund) Left() int64 {
	left := r.Captured - r.Refunded - r.Pending - r.Settled()
	for _, d := range r.Disputes {
		if d.State != DisputeWon {
			left -= d.Amount
		}
	}
	return max(left, 0)
}

// IsDisputed tells whether a dispute is open.
func (r Refund) IsDisputed() bool {
	return slices.ContainsFunc(r.Disputes, func(d Dispute) bool { return d.State == DisputeOpen })
}

// Refused is the amount that was requested and is not given back after all, in minor units.
func (r Refund) Refused() (sum int64) {
	for _, c := range r.Claims {
		if c.Status == Failed || c.Status == Owed {
			sum += c.Amount
		}
	}
	return sum
}

// claim returns the index of the claim for the same reason and goods of the same parcel, -1 if it is new.
func (r Refund) claim(like Claim) int {
	return slices.IndexFunc(r.Claims, func(c Claim) bool {
		return c.Reason == like.Reason && c.ReturnID == like.ReturnID && c.GrantID == like.GrantID &&
			(c.GrantID != "" || warehouse(c.Lines) == warehouse(like.Lines))
	})
}

// Shown are the claims but for the one that only notes that an order of several parcels was cancelled: each of them has its own.
func (r Refund) Shown() []Claim {
	if i := r.claim(Claim{Reason: byCancellation}); i >= 0 && len(r.Captures) > 0 {
		return slices.Delete(slices.Clone(r.Claims), i, i+1)
	}
	return r.Claims
}

// asked returns the index of the claim of this request to the gateway, if it has this status; -1 if there is none.
func (r Refund) asked(refundID string, s Status) int {
	return slices.IndexFunc(r.Claims, func(c Claim) bool { return c.RefundID == refundID && c.Status == s })
}

// Grant finds the claim that an operator granted; nil if there is none.
func (r Refund) Grant(id string) *Claim {
	if i := r.claim(Claim{Reason: byOperator, GrantID: id}); i >= 0 {
		return &r.Claims[i]
	}
	return nil
}

// Evolve folds the service's own events.
func Evolve(r Refund, e saga.Event) Refund {
	switch d := e.Data.(type) {
	case event.ReadiedV1:
		if d.By == byCapture {
			r.Taken, r.Reference, r.Currency = true, d.Reference, d.Captured.Currency
			r.Captured += d.Captured.Amount
			if d.ShipmentID != "" {
				return r.withCapture(Capture{ShipmentID: d.ShipmentID, Amount: d.Captured.Amount, Lines: d.Lines})
			}
			r.Sold = d.Lines
			return r
		}
		return r.with(Claim{Reason: d.By, ShipmentID: d.ShipmentID, ReturnID: d.ReturnID, Lines: d.Lines, Status: Noted})
	case event.GrantedV1:
		if d.Sold != nil {
			r.Sold = d.Sold
		}
		return r.with(Claim{Reason: byOperator, ShipmentID: d.ShipmentID, GrantID: d.GrantID, Lines: d.Lines, Status: Noted,
			Amount: d.Amount.Amount, Operator: d.Operator})
	case event.RequestedV1:
		c := Claim{Reason: d.Reason, ShipmentID: d.ShipmentID, ReturnID: d.ReturnID, GrantID: d.GrantID, Lines: d.Lines, Tries: 1}
		if i := r.claim(c); i >= 0 {
			past := r.Claims[i]
			c.Tries, c.Operator, c.Instead, c.Arrears = past.Tries+1, past.Operator, past.Instead, past.Arrears
		}
		c.Status, c.RefundID, c.Amount = Pending, e.ID, d.Amount.Amount
		r.Pending += c.Amount
		return r.with(c)
	case event.IssuedV1:
		return r.answered(d.RefundID, Pending, Issued, "")
	case event.FailedV1:
		if r.asked(d.RefundID, Issued) >= 0 {
			return r.answered(d.RefundID, Issued, Failed, d.Reason)
		}
		return r.answered(d.RefundID, Pending, Failed, d.Reason)
	case event.OwedV1:
		return r.answered(d.RefundID, Failed, Owed, d.Reason)
	case event.SettledV1:
		if i := r.asked(d.RefundID, Owed); i >= 0 {
			c := r.Claims[i]
			c.Status, c.Amount = Settled, d.Amount.Amount
			c.Paid = &Paid{ID: d.SettlementID, How: d.How, Reference: d.Reference, Operator: d.Operator}
			return r.with(c)
		}
	case event.DisputeNotedV1:
		now := Dispute{ID: d.DisputeID, State: d.State, Amount: d.Amount.Amount}
		r.Disputes = slices.Clone(r.Disputes)
		if i := r.dispute(d.DisputeID); i >= 0 {
			r.Disputes[i] = now
		} else {
			r.Disputes = append(r.Disputes, now)
		}
	}
	return r
}

func (r Refund) dispute(id string) int {
	return slices.IndexFunc(r.Disputes, func(d Dispute) bool { return d.ID == id })
}

// answered changes the status of the claim of this request.
func (r Refund) answered(refundID string, from, to Status, why string) Refund {
	i := r.asked(refundID, from)
	if i < 0 {
		return r
	}
	c := r.Claims[i]
	switch from {
	case Pending:
		r.Pending -= c.Amount
	case Issued:
		r.Refunded -= c.Amount
	}
	if from == Issued && to == Failed {
		c.Instead, c.Arrears = cmp.Or(c.Instead, refundID), max(c.Arrears, c.Amount)
	}
	if to == Issued {
		r.Refunded += c.Amount
	}
	c.Status, c.Why = to, why
	return r.with(c)
}

// with puts one claim into a copy.
func (r Refund) with(c Claim) Refund {
	r.Claims = slices.Clone(r.Claims)
	if i := r.claim(c); i >= 0 {
		r.Claims[i] = c
	} else {
		r.Claims = append(r.Claims, c)
	}
	return r
}
