// Package model declares the reporting service's part in exploration, audit and demo.
package model

import (
	"fmt"
	"time"

	"orderflow.example/schemas"
	invoices "orderflow.example/schemas/invoice"
	payments "orderflow.example/schemas/payment"
	refunds "orderflow.example/schemas/refund"
	event "orderflow.example/schemas/reporting"
	"orderflow.example/services/reporting"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/audit"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/explore/gateway"
	"orderflow.example/shared/saga/model"
)

// Service is the reporting service's part in an order: it notes each movement of money, and nothing follows for the order.
var Service = model.Service{
	Watched: watched,
	Machines: []explore.Machine{{Machine: machine, Before: before, Check: balances, Notes: []saga.Kind{payments.Captured,
		payments.ChargedBack, payments.ChargebackReversed, payments.RefundReversed, refunds.Issued,
		refunds.Settled, invoices.Issued, invoices.CreditNoteIssued}}},
	Variants: []model.Variant{{Machine: machine,
		Scenes: []model.Scene{{Stock: "enough", Fill: "fill_all", Customer: "trusted", Settles: true}}}},
	Told: settles,
	Left: []string{"reporting (day)", "reporting (settlement)"},
	Harmless: map[string]string{
		"on invoice.issued.v1":             noTax,
		"on invoice.credit_note_issued.v1": noTax,
		"on refund.settled.v1":             "an operator's act that is left out there; it has tests of its own",
	},
	Unexplored: map[string]string{
		event.LinesVanished.Name(): "no settlement file is read again with fewer lines in the scenes; the tests of reporting try it",
	},
	End:   end,
	Role:  audit.Books,
	State: has,
}

var machine = reporting.Calendar{Zone: time.UTC}.Choreography().Machine()

// settles is a line of a settlement file about the order, and the search for movements that no file had. Either may come before
// the journal knows of the movement.
func settles(s model.Scene) []explore.Told {
	if !s.Settles {
		return nil
	}
	return []explore.Told{
		{Who: "the gateway's file has the payment", Event: event.SettlementLineRead.Of(event.SettlementLineReadV1{
			Transaction: "txn", Movement: reporting.Capture,
			Reference: gateway.Hold{Attempt: "payment.authorization_requested#1"}.Reference(),
			Gross:     schemas.Money{Amount: 1000, Currency: "GBP"}, Fee: 34, Day: "1970-01-01"})},
		{Who: "the files of the day were read", Event: reporting.ReportMissing.Of(reporting.Missing{Through: "1970-01-01"})},
	}
}

const noTax = "tax moves nothing between the gateway and the shop"

func before(any) []explore.Before {
	b := model.Before{}
	b.Until(true, event.SettlementLineRead, event.LineSettled)
	return b
}

// balances checks that each entry moves as much into accounts as out of them.
func balances(_ any, step saga.Step) string {
	for _, e := range step.State.(reporting.Account).Entries {
		for _, t := range e.Transfers {
			if t.Amount.Amount <= 0 || t.Debit == t.Credit {
				return fmt.Sprintf("an entry moves %d from %s to %s", t.Amount.Amount, t.Credit, t.Debit)
			}
		}
	}
	return ""
}

// end checks that the journal is the gateway's book.
func end(v model.Ending) string {
	a, sum := v.State("reporting").(reporting.Account), v.State(gateway.Name).(gateway.Book).Sum()
	j := journal(a)
	if j.Captured != sum.Captured || j.Refunded != sum.Refunded || j.ChargedBack != sum.Charged {
		return fmt.Sprintf("the journal has %d captured, %d refunded and %d charged back, the gateway %d, %d and %d",
			j.Captured, j.Refunded, j.ChargedBack, sum.Captured, sum.Refunded, sum.Charged)
	}
	return ""
}

func has(state any) []audit.Fact {
	a, is := state.(reporting.Account)
	if !is {
		return nil
	}
	return []audit.Fact{journal(a)}
}

// journal sums up the booked movements of an order. An order has one currency.
func journal(a reporting.Account) (j audit.Journal) {
	for _, e := range a.Entries {
		if e.Movement == reporting.Settled {
			m := e.Transfers[len(e.Transfers)-1].Amount // from the bank to the customer
			j.Settled, j.Currency = j.Settled+m.Amount, m.Currency
		}
	}
	for _, i := range a.Items {
		if i.Booked == 0 {
			continue
		}
		j.Currency = i.Currency
		switch i.Movement {
		case reporting.Capture:
			j.Captured += i.Booked
		case reporting.Refund, reporting.RefundReversed:
			j.Refunded -= i.Booked
		case reporting.Chargeback, reporting.ChargebackReversed:
			j.ChargedBack -= i.Booked
		}
	}
	return j
}
