// Package storefront takes customers' orders, cancellations and returns, and keeps a projection of what customers may see:
// their orders, as the events of the other services show them, and the products for sale. It decides only whether to accept a
// request: the services that consume its events decide whether it can be carried out.
//
// It is pure: HTTP is in internal/api, rows in internal/store.
package storefront

import (
	"time"

	"orderflow.example/schemas"
	"orderflow.example/schemas/order"
	event "orderflow.example/schemas/storefront"
	"orderflow.example/shared/saga"
)

// Order is what a customer sees of an order. The storefront's own events set the customer's requests; each of the other
// fields is shown from the events of the one service named beside it.
type Order struct {
	ID         string
	CustomerID string
	PlacedAt   time.Time // whole milliseconds, UTC
	Placed     Basket    // as ordered
	ShipTo     schemas.Address
	FillPolicy string   // what to do if not all goods are there
	Cancelling bool     // the customer has asked for the cancellation
	Returns    []Return // as requested; their states from shipping

	Status   string  // order
	Reason   string  // order: a stable word, for cancelled and rejected
	Final    bool    // order
	Next     *Next   // order
	Timeline []Entry // order, after the first entry
	Agreed   Basket  // order: as confirmed, without what was left out; blank before

	Payment   Payment    // payment
	Refunded  int64      // refund: minor units; all that old orders have of their refunds
	Refunds   []Refund   // refund
	Shipments []Shipment // shipping; the parcels of an order that leaves in several by their numbers

	Invoices    []Invoice    // invoice, in the order in which they were issued
	CreditNotes []CreditNote // invoice
}

// Basket is goods and their prices.
type Basket struct {
	Lines []schemas.Line
	Total schemas.Money
}

// Entry is one entry of an order's timeline, as shown to the customer.
type Entry struct {
	At     time.Time `json:"at"` // whole milliseconds, UTC
	Status string    `json:"status"`
	Text   string    `json:"text"`
}

// Next is what happens next, and who does it.
type Next struct {
	Text string `json:"text"`
	By   string `json:"by"`
}

// Payment is the state of the payment; amounts in minor units.
type Payment struct {
	State      string // pending, authorized, captured, declined, voided or none
	Authorized int64
	Captured   int64

	ChargedBack int64 // and not won back
}

// Refund is money that was given back.
type Refund struct {
	ID       string    `json:"id"`
	At       time.Time `json:"at"`     // whole milliseconds, UTC
	Amount   int64     `json:"amount"` // minor units
	Reason   string    `json:"reason"` // cancelled, lost or returned
	ReturnID string    `json:"return_id,omitempty"`

	ShipmentID string `json:"shipment_id,omitempty"` // the parcel, where the order leaves in several
}

// Invoice is the document about a capture.
type Invoice struct {
	Number     string `json:"number"`
	ShipmentID string `json:"shipment_id,omitempty"` // the parcel, where the order leaves in several
}

// CreditNote is the document about a refund.
type CreditNote struct {
	Number     string `json:"number"`
	RefundID   string `json:"refund_id"`
	ShipmentID string `json:"shipment_id,omitempty"` // the parcel, where the order leaves in several
}

// Shipment is one parcel. Which one it is and what is in it is known where the order leaves in several.
type Shipment struct {
	ID             string `json:"id"`
	Carrier        string `json:"carrier"`
	TrackingNumber string `json:"tracking_number"`
	State          string `json:"state"` // prepared, dispatched, delivered, lost or withdrawn

	Parcel *schemas.Parcel    `json:"parcel,omitempty"`
	Lines  []event.ReturnLine `json:"lines,omitempty"`
}

// Return is goods on their way back.
type Return struct {
	ID             string             `json:"id"`
	Lines          []event.ReturnLine `json:"lines"`
	Reason         string             `json:"reason"`
	State          string             `json:"state"`             // requested, authorized, refused or received
	Refusal        string             `json:"refusal,omitempty"` // why it was refused, as a stable word
	Carrier        string             `json:"carrier,omitempty"`
	TrackingNumber string             `json:"tracking_number,omitempty"`
}

// Blank is an order that was not placed.
func Blank(order string) Order { return Order{ID: order, Payment: Payment{State: PaymentPending}} }

// Exists tells whether the order was placed.
func (o Order) Exists() bool { return o.CustomerID != "" }

// Basket is the basket as confirmed, or before that as ordered.
func (o Order) Basket() Basket {
	if len(o.Agreed.Lines) > 0 {
		return o.Agreed
	}
	return o.Placed
}

// Returnable is how much of each SKU among the lines is neither back, nor on its way, nor lost with one of several parcels.
// Refused returns do not count.
func (o Order) Returnable(lines []schemas.Line) map[string]int64 {
	left := make(map[string]int64, len(lines))
	for _, l := range lines {
		left[l.SKU] += l.Quantity
	}
	for _, r := range o.Returns {
		if r.State == ReturnRefused {
			continue
		}
		for _, l := range r.Lines {
			left[l.SKU] -= l.Quantity
		}
	}
	for _, l := range o.Lost() {
		left[l.SKU] -= l.Quantity
	}
	return left
}

// Lost is what was lost with one of several parcels.
func (o Order) Lost() (lines []event.ReturnLine) {
	for _, s := range o.Shipments {
		if s.State == ShipmentLost {
			lines = append(lines, s.Lines...)
		}
	}
	return lines
}

// Evolve folds the storefront's own events.
func Evolve(o Order, e saga.Event) Order {
	switch d := e.Data.(type) {
	case event.OrderPlacedV1:
		o.CustomerID, o.PlacedAt = d.CustomerID, visible(e.Time)
		o.Placed = Basket{Lines: d.Lines, Total: d.Total}
		o.ShipTo, o.FillPolicy = d.ShipTo, d.FillPolicy
		o.Status = order.StatusPlaced
		o.Timeline = []Entry{{At: o.PlacedAt, Status: order.StatusPlaced, Text: "We have your order."}}
	case event.CancellationRequestedV1:
		o.Cancelling = true
	case event.ReturnRequestedV1:
		o.Returns = added(o.Returns, Return{ID: d.ReturnID, Lines: d.Lines, Reason: d.Reason, State: ReturnRequested})
	}
	return o
}

// visible truncates a time to the precision that customers see and rows keep.
func visible(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// added is a copy of the list with one more.
func added[T any](list []T, one T) []T { return append(list[:len(list):len(list)], one) }
