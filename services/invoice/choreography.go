package invoice

import (
	"fmt"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/schemas/catalog"
	event "orderflow.example/schemas/invoice"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/shared/saga"
)

// Terms are what the shop's documents are issued by.
type Terms struct {
	Rates  Rates
	Seller event.Seller
}

// Choreography is everything the invoice service does about an order.
func (t Terms) Choreography() saga.Choreography[Invoice] {
	return saga.Choreography[Invoice]{
		Service: "invoice",
		Key:     saga.Order,
		Blank:   Blank,
		Evolve:  Evolve,
		Final:   []saga.Kind{event.Readied, event.Withheld},
		Rows: []saga.Row{
			saga.On(order.Confirmed, agreed, event.Readied, event.Issued, event.Withheld),
			saga.On(payment.Captured, moneyTaken, event.Readied, event.Issued, event.Withheld),
			saga.On(refund.Issued, moneyBack, event.Readied, event.CreditNoteIssued, event.Withheld),
			saga.On(refund.Settled, paidOutside, event.Readied, event.CreditNoteIssued, event.Withheld),
			saga.On(refund.Failed, moneyNotBack, event.Readied),
			saga.On(event.Issued, creditWaiting, event.CreditNoteIssued, event.Withheld),
		},
		Series: []saga.Series{
			saga.Numbered(event.Issued, func(_ event.IssuedV1, at time.Time) string { return series(invoices, at) }, t.issue),
			saga.Numbered(event.CreditNoteIssued, func(_ event.CreditNoteIssuedV1, at time.Time) string { return series(creditNotes, at) },
				t.credit),
		},
	}
}

// Products keeps what goods were called when: an invoice shows them as they were called when it was issued.
var Products = saga.Choreography[Product]{
	Service: "invoice",
	Key:     schemas.KeyProduct,
	Blank:   BlankProduct,
	Rows:    []saga.Row{saga.Show(catalog.ProductListed, listed)},
}

// The kinds of documents: each has a series of numbers for every year, in UTC.
const (
	invoices    = "INV"
	creditNotes = "CN"
)

func series(kind string, at time.Time) string { return fmt.Sprintf("%s-%04d", kind, at.UTC().Year()) }

// issue puts number, date and tax into an invoice.
func (t Terms) issue(e event.IssuedV1, n int64, at time.Time) event.IssuedV1 {
	rate := t.Rates.On(e.Document.Country, at)
	e.Document.Category, e.Document.Rate, e.Document.Seller = rate.Category, rate.Percent, t.Seller
	e.Document = taxed(dated(e.Document, invoices, n, at), 0)
	return e
}

// credit puts number and date into a credit note: its tax is the invoice's.
func (t Terms) credit(e event.CreditNoteIssuedV1, n int64, at time.Time) event.CreditNoteIssuedV1 {
	e.Document = dated(e.Document, creditNotes, n, at)
	return e
}

func dated(d event.Document, kind string, n int64, at time.Time) event.Document {
	d.Number = fmt.Sprintf("%s-%06d", series(kind, at), n)
	d.IssuedOn = at.UTC().Format(time.DateOnly)
	return d
}
