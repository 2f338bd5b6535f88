// Package model declares the invoice service's part in exploration, audit and demo.
package model

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	orders "orderflow.example/schemas/order"
	payments "orderflow.example/schemas/payment"

	event "orderflow.example/schemas/invoice"
	"orderflow.example/services/invoice"
	"orderflow.example/shared/saga/audit"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/explore/gateway"
	"orderflow.example/shared/saga/model"
)

// Service is the invoice service's part in an order.
var Service = model.Service{
	Watched:  watched,
	Machines: []explore.Machine{{Machine: invoice.Standard().Choreography().Machine(), Before: before}},
	Left:     []string{"invoice (product)"},
	Harmless: map[string]string{"on refund.settled.v1": "an operator's act that is left out there; it has tests of its own"},
	Unexplored: map[string]string{
		event.Withheld.Name(): "payment captures what the order costs, in its currency, and refund gives back no more",
	},
	End:  end,
	Role: audit.Invoices,
	Money: []model.Money{
		{Event: event.Issued, Movement: "invoiced", Of: func(payload any) (int64, string) {
			m := payload.(event.IssuedV1).Document.Amount
			return m.Amount, m.Currency
		}},
		{Event: event.CreditNoteIssued, Movement: "credited", Of: func(payload any) (int64, string) {
			m := payload.(event.CreditNoteIssuedV1).Document.Amount
			return m.Amount, m.Currency
		}},
	},
	State: func(state any) []audit.Fact {
		i, is := state.(invoice.Invoice)
		if !is {
			return nil
		}
		return []audit.Fact{has(i)}
	},
}

func has(i invoice.Invoice) audit.Invoice {
	f := audit.Invoice{Currency: i.Total.Currency}
	for _, p := range i.Parts() {
		f.Captured += p.Captured.Amount
		f.Credited += p.Paid()
		f.Noted += p.Credited()
		f.Currency = cmp.Or(p.Captured.Currency, f.Currency)
		if p.Issued != nil {
			f.Invoiced += p.Issued.Amount.Amount
			f.Currency = p.Issued.Amount.Currency
		}
	}
	for _, d := range append(i.Invoices(), i.Notes()...) {
		f.Numbers = append(f.Numbers, number(d))
	}
	return f
}

// number splits what a document is numbered with, "INV-2026-000042".
func number(d invoice.Issued) audit.Number {
	at := strings.LastIndexByte(d.Number, '-')
	n, err := strconv.ParseInt(d.Number[at+1:], 10, 64)
	if err != nil || at < 0 {
		return audit.Number{Series: d.Number} // not one of ours
	}
	return audit.Number{Series: d.Number[:at], N: n}
}

// before: one invoice follows each capture. How many there are is not known here, but how much they can be.
func before(state any) []explore.Before {
	i, b := state.(invoice.Invoice), model.Before{}
	f, waits := has(i), false
	for _, p := range i.Parts() {
		waits = waits || p.Captured.Currency != "" && p.Issued == nil
	}
	whole := i.Issued != nil || i.CustomerID != "" && f.Invoiced == i.Total.Amount
	b.Never(whole, event.Issued)
	b.Never(whole && f.Noted == f.Invoiced, event.CreditNoteIssued)
	b.Until(!waits, payments.Captured, event.Issued)
	b.Until(f.Captured == 0, payments.Captured, event.CreditNoteIssued)
	b.Until(i.CustomerID == "", orders.Confirmed, event.Issued, event.CreditNoteIssued)
	return b
}

// end checks that what was taken has its invoice, and what was given back its credit notes.
func end(v model.Ending) string {
	i, sum := v.State("invoice").(invoice.Invoice), v.State(gateway.Name).(gateway.Book).Sum()
	withheld := 0
	for _, p := range i.Parts() {
		withheld += len(p.Withheld)
	}
	if f := has(i); f.Invoiced != sum.Captured || f.Credited != sum.Refunded || withheld > 0 {
		return fmt.Sprintf("invoices are %d and credit notes %d, with %d withheld; the gateway has %d and %d",
			f.Invoiced, f.Credited, withheld, sum.Captured, sum.Refunded)
	}
	return ""
}
