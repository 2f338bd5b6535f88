// Package invoice issues one invoice for each captured payment and one credit note for each refund, numbered without gap or
// repeat, a series for each kind and year. It decides which lines, which tax and which number they have; the number, the date
// and the rate of that date are set when the event is committed.
//
// A credit note stands also if its refund does not arrive: what was sold is taken back all the same, and the customer is owed the
// money. The refunds that follow pay it.
//
// It is pure: pages and files are drawn on request by internal/pdf and internal/ubl, from rows in internal/store. A chargeback
// changes no invoice: it is about who pays, not about what was sold.
package invoice

import (
	"slices"
	"time"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/invoice"
	"orderflow.example/shared/saga"
)

// Invoice is this service's state of one order.
type Invoice struct {
	Order      string
	CustomerID string // empty until the order is confirmed
	Buyer      schemas.Address
	Total      schemas.Money // as confirmed
	Part                     // of an order that leaves in one parcel
	Parcels    []Part        // of one that leaves in several, by shipment
}

// Issued is an invoice or a credit note.
type Issued struct {
	event.Document
	At       time.Time `json:"at"`                  // whole microseconds, UTC
	RefundID string    `json:"refund_id,omitempty"` // of a credit note
	Reason   string    `json:"reason,omitempty"`    // of a credit note
	Payments []Payment `json:"payments,omitempty"`  // of a credit note: the refunds that paid it
}

// Corrects tells whether it is a credit note.
func (n Issued) Corrects() bool { return n.RefundID != "" }

// Refund is money given back.
type Refund struct {
	ID     string        `json:"id"`
	Reason string        `json:"reason"`
	Amount schemas.Money `json:"amount"`
	Lines  []event.Line  `json:"lines,omitempty"`
	Failed bool          `json:"failed,omitempty"` // the money did not arrive: it gets no credit note

	Instead string `json:"instead,omitempty"` // the first refund for the same reason that did not arrive
}

// Withheld is a capture, or a refund, that has no document because it does not fit.
type Withheld struct {
	Reason   string        `json:"reason"`
	Amount   schemas.Money `json:"amount"`
	RefundID string        `json:"refund_id,omitempty"`
}

// Blank is the invoice of an order without events.
func Blank(order string) Invoice { return Invoice{Order: order} }

// Evolve folds the service's own events, each into the part that it is about.
func Evolve(i Invoice, e saga.Event) Invoice {
	shipment := ""
	switch d := e.Data.(type) {
	case event.ReadiedV1:
		shipment = d.ShipmentID
	case event.IssuedV1:
		shipment = d.ShipmentID
	case event.CreditNoteIssuedV1:
		shipment = d.ShipmentID
	case event.WithheldV1:
		shipment = d.ShipmentID
	}
	return i.with(i.Of(shipment).evolved(e))
}

// evolved folds an event about the part in hand.
func (i Invoice) evolved(e saga.Event) Invoice {
	switch d := e.Data.(type) {
	case event.ReadiedV1:
		switch d.By {
		case byOrder:
			i.CustomerID, i.Buyer, i.Total = d.CustomerID, *d.Buyer, *d.Amount
			if len(i.Lines) == 0 {
				i.Lines = d.Lines
			}
		case byCapture:
			i.Captured = *d.Amount
			if len(d.Lines) > 0 {
				i.Lines = d.Lines
			}
		case byFailure:
			i = i.unpaid(d.RefundID)
			if !i.seen(d.RefundID) { // it never was given back: remembered, as the event may come again
				i.Waiting = append(slices.Clip(i.Waiting), Refund{ID: d.RefundID, Failed: true})
				return i
			}
			i.Waiting = slices.Clone(i.Waiting)
			for n := range i.Waiting {
				i.Waiting[n].Failed = i.Waiting[n].Failed || i.Waiting[n].ID == d.RefundID
			}
		case byRefund:
			r := Refund{ID: d.RefundID, Reason: d.Reason, Amount: *d.Amount, Lines: d.Lines, Instead: d.Instead}
			if i.Issued != nil {
				return i.paid(r)
			}
			i.Waiting = append(slices.Clip(i.Waiting), r)
		}
	case event.IssuedV1:
		i.Issued = &Issued{Document: d.Document, At: kept(e.Time)}
	case event.CreditNoteIssuedV1:
		i.CreditNotes = append(slices.Clip(i.CreditNotes),
			Issued{Document: d.Document, At: kept(e.Time), RefundID: d.RefundID, Reason: d.Reason,
				Payments: []Payment{{RefundID: d.RefundID, Amount: d.Document.Amount.Amount}}})
		i.Waiting = i.without(d.RefundID)
	case event.WithheldV1:
		i.Withheld = append(slices.Clip(i.Withheld), Withheld{Reason: d.Reason, Amount: d.Amount, RefundID: d.RefundID})
		i.Waiting = i.without(d.RefundID)
	}
	return i
}

// kept truncates a time to the precision that rows keep.
func kept(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
