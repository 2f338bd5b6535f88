// Package invoice issues one invoice for each captured payment and one credit note for each refund, numbered without gap or
// repeat, a series for each kind and year. It decides which lines, which tax and which number they have; the number, the date
// and the rate of that date are set when the event is committed.
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
	Lines       []event.Line  // as confirmed, without tax
	Total       schemas.Money // of the lines
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
	Unpaid   bool      `json:"unpaid,omitempty"`    // the money of a credit note did not arrive, and is owed
	Again    []string  `json:"again,omitempty"`     // the later refunds of a credit note whose money had not arrived
}

// Refund is money given back.
type Refund struct {
	ID     string        `json:"id"`
	Reason string        `json:"reason"`
	Amount schemas.Money `json:"amount"`
	Lines  []event.Line  `json:"lines,omitempty"`
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
	return i.note(refund) >= 0 ||
		slices.ContainsFunc(i.Waiting, func(r Refund) bool { return r.ID == refund }) ||
		slices.ContainsFunc(i.Withheld, func(w Withheld) bool { return w.RefundID == refund })
}

// note is the index of the credit note that the refund is about, -1 if it has none.
func (i Invoice) note(refund string) int {
	return slices.IndexFunc(i.CreditNotes, func(n Issued) bool { return n.RefundID == refund || slices.Contains(n.Again, refund) })
}

// unpaid is the index of the credit note whose money is given back once more, -1 if there is none.
func (i Invoice) unpaid(reason string, amount schemas.Money) int {
	return slices.IndexFunc(i.CreditNotes, func(n Issued) bool { return n.Unpaid && n.Reason == reason && n.Amount == amount })
}

// Paid is the sum of the credit notes whose money was given back, in minor units.
func (i Invoice) Paid() (sum int64) {
	for _, n := range i.CreditNotes {
		if !n.Unpaid {
			sum += n.Amount.Amount
		}
	}
	return sum
}

// Evolve folds the service's own events.
func Evolve(i Invoice, e saga.Event) Invoice {
	switch d := e.Data.(type) {
	case event.ReadiedV1:
		switch d.By {
		case byOrder:
			i.CustomerID, i.Buyer, i.Lines, i.Total = d.CustomerID, *d.Buyer, d.Lines, *d.Amount
		case byCapture:
			i.Captured = *d.Amount
		case byFailure:
			if n := i.note(d.RefundID); n >= 0 {
				i.CreditNotes = slices.Clone(i.CreditNotes)
				i.CreditNotes[n].Unpaid = true
			}
			i.Waiting = i.without(d.RefundID)
		case byRefund:
			if n := i.unpaid(d.Reason, *d.Amount); n >= 0 {
				i.CreditNotes = slices.Clone(i.CreditNotes)
				again := &i.CreditNotes[n]
				again.Unpaid, again.Again = false, append(slices.Clip(again.Again), d.RefundID)
				return i
			}
			i.Waiting = append(slices.Clip(i.Waiting), Refund{ID: d.RefundID, Reason: d.Reason, Amount: *d.Amount, Lines: d.Lines})
		}
	case event.IssuedV1:
		i.Issued = &Issued{Document: d.Document, At: kept(e.Time)}
	case event.CreditNoteIssuedV1:
		i.CreditNotes = append(slices.Clip(i.CreditNotes),
			Issued{Document: d.Document, At: kept(e.Time), RefundID: d.RefundID, Reason: d.Reason})
		i.Waiting = i.without(d.RefundID)
	case event.WithheldV1:
		i.Withheld = append(slices.Clip(i.Withheld), Withheld(d))
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
