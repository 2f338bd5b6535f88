// Package order decides the status of an order: it validates the customer's request, confirms the order once goods are
// reserved, fraud has cleared it and money is authorised, cancels it on a failure or a request, waits until every step is
// compensated, and publishes each status with a text for the customer.
//
// It reserves, charges and ships nothing: it reacts to the other services' events. Shipping alone decides whether a confirmed
// order is still cancelled or already shipped. The storefront has checked prices and products against its catalogue.
package order

import (
	"slices"
	"strings"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/order"
	"orderflow.example/shared/saga"
)

// Status is what the customer sees of an order.
type Status string

const (
	Placed      Status = event.StatusPlaced
	InReview    Status = event.StatusInReview
	Backordered Status = event.StatusBackordered
	Confirmed   Status = event.StatusConfirmed
	Preparing   Status = event.StatusPreparing
	Cancelling  Status = event.StatusCancelling
	Shipped     Status = event.StatusShipped
	Delivered   Status = event.StatusDelivered
	Completed   Status = event.StatusCompleted
	Rejected    Status = event.StatusRejected
	Cancelled   Status = event.StatusCancelled
	Returned    Status = event.StatusReturned
)

// Final tells whether the status is a final one.
func (s Status) Final() bool { return event.Final(string(s)) }

// Order is this service's state of one order.
type Order struct {
	ID         string
	Status     Status // empty: no event of it was folded
	Reason     string // why it is rejected or cancelled
	CustomerID string
	ShipTo     schemas.Address
	Ordered    []schemas.Line
	Lines      []schemas.Allocation // as reserved, without what was left out
	Total      schemas.Money        // as ordered; once goods are reserved, theirs
	Partial    bool                 // goods that are missing may be left out
	Steps      []string             // steps done that wait for other steps
	Withdrawal string               // why shipping was asked to stop, while it has not answered
	Refunded   int64                // minor units
	Disputed   int64                // minor units: charged back, and the dispute not won
	Returned   int64                // pieces that came back
	Taken      int64                // minor units: captured before the rest was let go of, as far as is known
	Of         int                  // in how many parcels it leaves; 0 for one
	Parcels    []Parcel             // those of several that anything is known of, sorted by shipment
}

// Blank is an order without events.
func Blank(id string) Order { return Order{ID: id} }

// Evolve folds the service's own events.
func Evolve(o Order, e saga.Event) Order {
	switch d := e.Data.(type) {
	case event.ValidatedV1:
		o.Status, o.CustomerID, o.ShipTo, o.Ordered, o.Total = Placed, d.CustomerID, d.ShipTo, d.Lines, d.Total
		o.Partial = d.FillPolicy == fillAvailable
	case event.ProgressedV1:
		o.Steps = append(slices.Clip(o.Steps), stepName(d.Step, d.Ref))
		switch d.Step {
		case goods:
			o.Lines, o.Total.Amount = d.Lines, d.Amount
		case refunded, settled:
			o.Refunded += d.Amount
			o = o.paidBack(d.ShipmentID, d.Amount)
		case cameBack:
			o.Refunded -= d.Amount
			o = o.paidBack(d.ShipmentID, -d.Amount)
		case voided:
			o.Taken = d.Captured
		case left:
			o = o.with(d.Ref, func(p *Parcel) { p.Fate = Left })
		case arrived:
			o = o.with(d.Ref, func(p *Parcel) { p.Fate = Arrived })
		case lost:
			if d.Ref != "" {
				o = o.with(d.Ref, func(p *Parcel) { p.Fate, p.Due, p.Pieces = Lost, d.Amount, schemas.Pieces(d.Lines) })
			}
		case disputed:
			o.Disputed += d.Amount
		case disputeWon:
			o.Disputed -= d.Amount
		case returnArrived:
			o.Returned += schemas.Pieces(d.Lines)
		}
	case event.BackorderedV1:
		o = o.noting(awaited)
		if o.Status == InReview {
			o = o.noting(reviewed)
		}
	case event.ExtendedV1:
		if o.has(awaited, "") { // else its status tells
			o = o.noting(reviewed)
		}
	case event.ConfirmedV1:
		o.Lines, o.Total = d.Lines, d.Total
		o.Of = int(d.Parcels)
	case event.ReducedV1:
		if !o.has(leftOut, "") {
			o = o.noting(leftOut)
		}
		o.Lines, o.Total = d.Lines, d.Total
	case event.ParcelCancelledV1:
		o = o.with(d.ShipmentID, func(p *Parcel) { p.Fate = Off })
		o.Lines, o.Total, o.Withdrawal = schemas.Without(o.Lines, d.Lines), d.Total, ""
	case event.CancelledV1:
		o.Reason, o.Withdrawal = d.Reason, ""
	case event.WithdrawalRequestedV1:
		if d.ShipmentID == "" {
			o.Withdrawal = d.Reason
		}
	case event.CancellationRefusedV1:
		o.Withdrawal = ""
	case event.StatusChangedV1:
		o.Status = Status(d.Status)
		if o.Status == Cancelled {
			o.Withdrawal = "" // a lost parcel, paid back before shipping answered
		}
		if d.Reason != "" {
			o.Reason = d.Reason
		}
	}
	return o
}

// may tells whether the status of an order with events can still become s, and is not s.
func (o Order) may(s Status) bool {
	return o.Status != "" && o.Status != s && event.MayFollow(string(o.Status), string(s))
}

// has tells whether a step was noted; ref is empty for a step that happens only once.
func (o Order) has(step, ref string) bool { return slices.Contains(o.Steps, stepName(step, ref)) }

// noting is the order with a step that happens only once.
func (o Order) noting(step string) Order {
	o.Steps = append(slices.Clip(o.Steps), step)
	return o
}

// allReturned tells whether everything came back, goods and money.
func (o Order) allReturned() bool {
	pieces := schemas.Pieces(o.Lines)
	for _, p := range o.Parcels {
		pieces -= p.Pieces
	}
	return o.Returned >= pieces && o.back()-o.forParcels() >= o.Kept().Amount
}

// Kept is the price of what is with the customer or on its way: the total, but for what was lost with one of several parcels.
func (o Order) Kept() schemas.Money {
	kept := o.Total
	for _, p := range o.Parcels {
		kept.Amount -= p.Due
	}
	return kept
}

// covered tells whether a cancelled or lost order need not wait for money any more.
func (o Order) covered() bool { return o.back()-o.forParcels() >= o.Total.Amount || o.isOwed() }

// isOwed tells whether a refund failed for good and nobody has settled it: it is for people to see to it, and the order does not
// wait for them.
func (o Order) isOwed() bool { return o.count(owed) > o.count(settled) }

// count counts how often a step was noted, with different refs.
func (o Order) count(step string) (n int) {
	for _, s := range o.Steps {
		if strings.HasPrefix(s, step+" ") {
			n++
		}
	}
	return n
}

// back is the amount that the customer has back, from the shop or from their bank, in minor units.
func (o Order) back() int64 { return o.Refunded + o.Disputed }

func stepName(step, ref string) string {
	if ref == "" {
		return step
	}
	return step + " " + ref
}
