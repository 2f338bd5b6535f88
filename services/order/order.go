// Package order decides where an order as a whole stands: it checks what the customer asked for, confirms the order once
// goods, trust and money are there, cancels it when something fails or somebody wants out, waits until everything done
// for it is undone, and tells the customer each step in plain words.
//
// It reserves, charges and ships nothing: it hears what the others did. Whether a confirmed order is still cancelled or
// already shipped, shipping alone decides. Prices and products were checked by the storefront against the catalogue it
// showed.
package order

import (
	"slices"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/order"
	"orderflow.example/shared/saga"
)

// Status is what the customer sees of an order.
type Status string

const (
	Placed     Status = "placed"     // goods, trust and money are being looked for
	InReview   Status = "in_review"  // a person decides whether it is trusted
	Confirmed  Status = "confirmed"  // it will be carried out
	Preparing  Status = "preparing"  // the parcel is being packed
	Cancelling Status = "cancelling" // what was done for it is being undone
	Shipped    Status = "shipped"    // the parcel is with the carrier
	Delivered  Status = "delivered"  // the parcel is with the customer
	Completed  Status = "completed"  // nothing is left to do
	Rejected   Status = "rejected"   // nothing was begun
	Cancelled  Status = "cancelled"  // everything is undone, or paid back
	Returned   Status = "returned"   // everything came back and is paid back
)

// rank orders the statuses: one is only ever followed by one of higher rank. What cannot follow each other has the same.
var rank = map[Status]int{
	Placed: 1, InReview: 2, Confirmed: 3, Preparing: 4, Cancelling: 5, Shipped: 5, Delivered: 6, Completed: 7,
	Rejected: 8, Cancelled: 8, Returned: 8,
}

// Rank orders what a customer is told: nothing of a lower rank follows, nor anything else of the same.
func (s Status) Rank() int { return rank[s] }

// Final tells whether an order with this status is done with.
func (s Status) Final() bool { return rank[s] >= rank[Completed] }

// Order is what this service knows of one order.
type Order struct {
	ID         string
	Status     Status // empty: nothing is known of it
	Reason     string // why it is rejected or cancelled
	CustomerID string
	ShipTo     schemas.Address
	Ordered    []schemas.Line
	Lines      []schemas.Allocation // as reserved
	Total      schemas.Money        // as ordered; once goods are reserved, theirs
	Steps      []string             // what was heard and is waited for together with something else
	Withdrawal string               // why shipping was asked to stop, while it has not answered
	Refunded   int64                // minor units
	Returned   int64                // pieces that came back
}

// Blank is an order nothing is known of.
func Blank(id string) Order { return Order{ID: id} }

// Evolve folds the service's own events.
func Evolve(o Order, e saga.Event) Order {
	switch d := e.Data.(type) {
	case event.ValidatedV1:
		o.Status, o.CustomerID, o.ShipTo, o.Ordered, o.Total = Placed, d.CustomerID, d.ShipTo, d.Lines, d.Total
	case event.ProgressedV1:
		o.Steps = append(slices.Clip(o.Steps), stepName(d.Step, d.Ref))
		switch d.Step {
		case goods:
			o.Lines, o.Total.Amount = d.Lines, d.Amount
		case refunded:
			o.Refunded += d.Amount
		case returnArrived:
			o.Returned += pieces(d.Lines)
		}
	case event.ConfirmedV1:
		o.Lines, o.Total = d.Lines, d.Total
	case event.CancelledV1:
		o.Reason, o.Withdrawal = d.Reason, ""
	case event.WithdrawalRequestedV1:
		o.Withdrawal = d.Reason
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

// may tells whether a known order's status can still become s.
func (o Order) may(s Status) bool { return o.Status != "" && rank[s] > rank[o.Status] }

// has tells whether a step was noted; ref is empty for what happens only once.
func (o Order) has(step, ref string) bool { return slices.Contains(o.Steps, stepName(step, ref)) }

// allReturned tells whether everything came back, goods and money.
func (o Order) allReturned() bool { return o.Returned >= pieces(o.Lines) && o.covered() }

// covered tells whether all the money is back with the customer.
func (o Order) covered() bool { return o.Refunded >= o.Total.Amount }

func stepName(step, ref string) string {
	if ref == "" {
		return step
	}
	return step + " " + ref
}

func pieces(lines []schemas.Allocation) int64 {
	var n int64
	for _, l := range lines {
		n += l.Quantity
	}
	return n
}
