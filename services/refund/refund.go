// Package refund decides how much is refunded to the customer, and why: everything if the order is cancelled or its parcel
// lost, the price of the goods if they are returned. Each reason is refunded once, and all together never more than was
// captured. A refund that the gateway refuses is requested again every day until it is made.
//
// It is pure: the gateway itself is in internal/gateway, rows in internal/store. An amount that is authorised and not captured
// is voided by the payment service.
package refund

import (
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
	Captured  int64
	Refunded  int64   // given back
	Pending   int64   // the gateway is asked to give it back
	Claims    []Claim // in the order in which their events were processed
}

// Status is the state of one claim.
type Status string

const (
	Noted   Status = "noted"   // nothing is captured yet, or nothing is left to give back
	Pending Status = "pending" // the gateway is asked
	Issued  Status = "issued"  // the gateway made the refund
	Failed  Status = "failed"  // the gateway refused; it is asked again
)

// Claim is one reason for which money is owed, and what was done about it.
type Claim struct {
	Reason   string               `json:"reason"` // cancelled, lost or returned
	ReturnID string               `json:"return_id,omitempty"`
	Lines    []schemas.Allocation `json:"lines,omitempty"`
	Status   Status               `json:"status"`
	RefundID string               `json:"refund_id,omitempty"` // the id of the event that asked the gateway
	Amount   int64                `json:"amount,omitempty"`    // asked for
}

// Blank is the refund of an order without events.
func Blank(order string) Refund { return Refund{Order: order} }

// Left is the amount that could still be refunded, in minor units.
func (r Refund) Left() int64 { return r.Captured - r.Refunded - r.Pending }

// Refused is the amount that the gateway refused to refund when it was last asked, in minor units.
func (r Refund) Refused() (sum int64) {
	for _, c := range r.Claims {
		if c.Status == Failed {
			sum += c.Amount
		}
	}
	return sum
}

// claim returns the index of the claim for this reason, -1 if it is new.
func (r Refund) claim(reason, returnID string) int {
	return slices.IndexFunc(r.Claims, func(c Claim) bool { return c.Reason == reason && c.ReturnID == returnID })
}

// asked returns the index of the claim that waits for this refund, -1 if there is none.
func (r Refund) asked(refundID string) int {
	return slices.IndexFunc(r.Claims, func(c Claim) bool { return c.RefundID == refundID && c.Status == Pending })
}

// Evolve folds the service's own events.
func Evolve(r Refund, e saga.Event) Refund {
	switch d := e.Data.(type) {
	case event.ReadiedV1:
		if d.By == byCapture {
			r.Taken, r.Reference, r.Captured, r.Currency = true, d.Reference, d.Captured.Amount, d.Captured.Currency
			return r
		}
		return r.with(Claim{Reason: d.By, ReturnID: d.ReturnID, Lines: d.Lines, Status: Noted})
	case event.RequestedV1:
		r.Pending += d.Amount.Amount
		return r.with(Claim{
			Reason: d.Reason, ReturnID: d.ReturnID, Lines: d.Lines, Status: Pending, RefundID: e.ID, Amount: d.Amount.Amount,
		})
	case event.IssuedV1:
		return r.answered(d.RefundID, Issued)
	case event.FailedV1:
		return r.answered(d.RefundID, Failed)
	}
	return r
}

func (r Refund) answered(refundID string, s Status) Refund {
	i := r.asked(refundID)
	if i < 0 {
		return r
	}
	c := r.Claims[i]
	r.Pending -= c.Amount
	if s == Issued {
		r.Refunded += c.Amount
	}
	c.Status = s
	return r.with(c)
}

// with puts one claim into a copy.
func (r Refund) with(c Claim) Refund {
	r.Claims = slices.Clone(r.Claims)
	if i := r.claim(c.Reason, c.ReturnID); i >= 0 {
		r.Claims[i] = c
	} else {
		r.Claims = append(r.Claims, c)
	}
	return r
}
