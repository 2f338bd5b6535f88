// Package model declares the invoice service's part in exploration, audit and demo.
package model

import (
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
	f := audit.Invoice{Captured: i.Captured.Amount, Currency: i.Captured.Currency, Credited: i.Paid(), Noted: i.Credited()}
	if i.Issued != nil {
		f.Invoiced, f.Currency = i.Issued.Amount.Amount, i.Issued.Amount.Currency
		f.Numbers = append(f.Numbers, number(i.Issued))
	}
	for _, n := range i.CreditNotes {
		f.Numbers = append(f.Numbers, number(&n))
	}
	return f
}

// number splits what a document is numbered with, "INV-2026-000042".
func number(d *invoice.Issued) audit.Number {
	at := strings.LastIndexByte(d.Number, '-')
	n, err := strconv.ParseInt(d.Number[at+1:], 10, 64)
	if err != nil || at < 0 {
		return audit.Number{Series: d.Number} // not one of ours
	}
	return audit.Number{Series: d.Number[:at], N: n}
}

func before(state any) []explore.Before {
	i, b := state.(invoice.Invoice), model.Before{}
	b.Never(i.Issued != nil, event.Issued)
	b.Never(i.Issued != nil && i.Credited() == i.Issued.Amount.Amount, event.CreditNoteIssued)
	b.Until(i.Captured.Currency == "", payments.Captured, event.Issued, event.CreditNoteIssued)
	b.Until(i.CustomerID == "", orders.Confirmed, event.Issued, event.CreditNoteIssued)
	return b
}

// end checks that what was taken has its invoice, and what was given back its credit notes.
func end(v model.Ending) string {
	i, sum := v.State("invoice").(invoice.Invoice), v.State(gateway.Name).(gateway.Book).Sum()
	if f := has(i); f.Invoiced != sum.Captured || f.Credited != sum.Refunded || len(i.Withheld) > 0 {
		return fmt.Sprintf("invoices are %d and credit notes %d, with %d withheld; the gateway has %d and %d",
			f.Invoiced, f.Credited, len(i.Withheld), sum.Captured, sum.Refunded)
	}
	return ""
}
