package audit

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"orderflow.example/shared/saga/audit"
)

// checkInvoices: what was captured has its invoice, what was refunded its credit notes, and nothing else has either.
func checkInvoices(p *picture) Check {
	t := newTally("invoices", "an invoice for what was captured, credit notes for what was refunded", "orders")
	if why := cmp.Or(p.blind(), p.without(audit.Invoices)); why != "" {
		return t.skip(why)
	}
	for key, told := range p.facts.orders {
		row := told.rows.invoice
		if row.Invoiced != 0 && row.Invoiced != row.Captured {
			t.broken(key, "its invoice is over %s, and %s were captured", amount(row.Invoiced, row.Currency),
				amount(row.Captured, row.Currency)).
				numbers(row.Captured, row.Invoiced, row.Currency)
			continue
		}
		if !p.ended(key, told) || p.asking(key, audit.Charges, audit.Refunds, audit.Invoices) {
			continue
		}
		t.check.Checked++
		a := accountIn(p.facts.accounts(told, true, ignore), cmp.Or(row.Currency, told.rows.order.Currency))
		if row.Invoiced != a.captured {
			t.broken(key, "its invoice is over %s, and %s are captured", a.in(row.Invoiced), a.in(a.captured)).
				numbers(a.captured, row.Invoiced, a.currency)
		}
		if row.Noted < row.Credited {
			t.broken(key, "its credit notes are over %s, and %s are given back", a.in(row.Noted), a.in(row.Credited)).
				numbers(row.Credited, row.Noted, a.currency)
		}
		if back := a.refunded + told.rows.refund.Settled; a.isNotified() && row.Credited != back {
			t.broken(key, "its credit notes are over %s, and %s are given back", a.in(row.Credited), a.in(back)).
				numbers(back, row.Credited, a.currency)
		}
	}
	return t.done()
}

// checkNumbers: the numbers of each series are 1 to n, each once.
func checkNumbers(p *picture) Check {
	t := newTally("numbers", "the numbers of invoices and credit notes have no gap and no repeat", "numbers")
	if why := p.without(audit.Invoices); why != "" {
		return t.skip(why)
	}
	series := map[string]map[int64]string{} // by name and number: the order
	for key, told := range p.facts.orders {
		for _, n := range told.rows.invoice.Numbers {
			t.check.Checked++
			if series[n.Series] == nil {
				series[n.Series] = map[int64]string{}
			}
			if other, twice := series[n.Series][n.N]; twice {
				t.broken(max(key, other), "number %d of %s is also that of order %s", n.N, n.Series, min(key, other))
			}
			series[n.Series][n.N] = key
		}
	}
	for name, numbers := range series {
		last := slices.Max(slices.Collect(maps.Keys(numbers)))
		listed := 0
		for n := int64(1); n <= last && listed < shown && int64(len(numbers)) < last; n++ {
			if _, there := numbers[n]; !there {
				t.broken(fmt.Sprintf("%s number %d", name, n), "no document has this number, and the last is %d", last)
				listed++
			}
		}
	}
	return t.done()
}
