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
	Order       string
	CustomerID  string // empty until the order is confirmed
	Buyer       schemas.Address
	Lines       []event.Line  // as confirmed, or what of that the capture is for; without tax
	Total       schemas.Money // as confirmed
	Captured    schemas.Money // without currency: nothing yet
	Issued      *Issued
	CreditNotes []Issued   // in the order in which they were issued
	Waiting     []Refund   // refunds that came before the invoice
	Withheld    []Withheld // what a person has to look at
}

// Issued is an invoice or a credit note.
type Issued struct {
	event.Document
	At       time.Time `json:"at"`                  // whole microseconds, UTC
	RefundID string    `json:"refund_id,omitempty"` // of a credit note
	Reason   string    `json:"reason,omitempty"`    // of a credit note
	Payments []Payment `json:"payments,omitempty"`  // of a credit note: the refunds that paid it
}

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

// Credited is the sum of the credit notes, in minor units.
func (i Invoice) Credited() (sum int64) {
	for _, n := range i.CreditNotes {
		sum += n.Amount.Amount
	}
	return sum
}

// Seen tells whether the refund has its credit note, or waits, or was withheld.
func (i Invoice) Seen(refund string) bool {
	return slices.ContainsFunc(i.CreditNotes, func(n Issued) bool { return n.paidBy(refund) }) ||
		slices.ContainsFunc(i.Waiting, func(r Refund) bool { return r.ID == refund }) ||
		slices.ContainsFunc(i.Withheld, func(w Withheld) bool { return w.RefundID == refund })
}

// Evolve folds the service's own events.
func Evolve(i Invoice, e saga.Event) Invoice {
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
			if !i.Seen(d.RefundID) { // it never was given back: remembered, as the event may come again
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

func (i Invoice) without(refund string) []Refund {
	left := slices.DeleteFunc(slices.Clone(i.Waiting), func(r Refund) bool { return r.ID == refund })
	if len(left) == 0 {
		return nil
	}
	return left
}

// kept truncates a time to the precision that rows keep.
func kept(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
