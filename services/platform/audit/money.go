package audit

import (
	"orderflow.example/schemas"
	"orderflow.example/services/platform/world/gateway"
	"orderflow.example/shared/saga/audit"
)

const noWitness = "the gateway's book cannot be read"

// checkMoney: the gateway's book adds up, and nobody is charged or refunded too much.
func checkMoney(p *picture) Check {
	t := newTally("money", "authorised = captured + voided + open, once a parcel; refunds + disputes ≤ captured",
		"accounts at the gateway")
	if why := p.blind(); why != "" {
		return t.skip(why)
	}
	for key, told := range p.facts.orders {
		all := p.facts.accounts(told, false, func(e gateway.Entry, why string) {
			t.broken(e.Order, "the gateway %s %s with key %s, and %s", e.Kind, amount(e.Amount, e.Currency), e.Key, why)
		})
		for i := range all {
			checkAccount(t, key, &all[i], max(1, told.labelled))
		}
	}
	return t.done()
}

func checkAccount(t *tally, key string, a *account, parcels int) {
	t.check.Checked++
	if a.open() < 0 {
		t.broken(key, "the gateway set aside %s, and captured %s and let go of %s", a.in(a.authorized), a.in(a.captured),
			a.in(a.voided)).
			numbers(a.authorized, a.captured+a.voided, a.currency)
	}
	held := 0
	for _, left := range a.holds {
		if left > 0 {
			held++
		}
	}
	if held > 1 {
		t.broken(key, "%d authorisations are open at once", held).numbers(1, int64(held), "")
	}
	if a.captures > parcels {
		t.broken(key, "it was charged %d times, and leaves in %d", a.captures, parcels).numbers(int64(parcels), int64(a.captures), "")
	}
	if a.refunded+a.charged > a.captured {
		t.broken(key, "%s were refunded and %s charged back of %s captured", a.in(a.refunded), a.in(a.charged), a.in(a.captured)).
			numbers(a.captured, a.refunded+a.charged, a.currency)
	}
}

// checkAgreement: payment, refund and the gateway's book agree on each order. While a call is open the gateway may be ahead of
// the service, never behind.
func checkAgreement(p *picture) Check {
	t := newTally("agreement", "payment and refund have what the gateway's book has", "orders")
	if why := p.blind(); why != "" {
		return t.skip(why)
	}
	for key, told := range p.facts.orders {
		then := p.facts.accounts(told, true, ignore)
		if row := told.rows.payment; row.known {
			t.check.Checked++
			a, waits := accountIn(then, row.Currency), p.asking(key, audit.Charges)
			compare(t, key, row.Currency, "payment has captured", row.Captured, a.captured, waits)
			compare(t, key, row.Currency, "payment has let go of", row.Voided, a.voided-a.released, waits)
			if a.isNotified() {
				compare(t, key, row.Currency, "payment has charged back", row.ChargedBack, a.charged, false)
			}
			if !row.Settling && !waits {
				compare(t, key, row.Currency, "payment has set aside and open", row.Open, a.open(), false)
			}
		}
		if row := told.rows.refund; row.known {
			a, waits := accountIn(then, row.Currency), p.asking(key, audit.Refunds)
			if a.isNotified() {
				compare(t, key, row.Currency, "refund has given back", row.Refunded, a.refunded, waits)
			}
			if row.Taken {
				now := accountIn(p.facts.accounts(told, false, ignore), row.Currency)
				compare(t, key, row.Currency, "refund has heard was captured", row.Captured, now.captured, false)
			}
		}
		for _, a := range then {
			if row := told.rows.payment; !row.known || row.Currency != a.currency {
				t.broken(key, "the gateway has an account in %s, payment has none", a.currency)
			}
		}
	}
	return t.done()
}

// accountIn is the account in a currency; empty if the gateway has none.
func accountIn(all []account, currency string) account {
	for _, a := range all {
		if a.currency == currency {
			return a
		}
	}
	return account{currency: currency}
}

func compare(t *tally, key, currency, what string, ours, theirs int64, ahead bool) {
	if ours == theirs || ahead && ours < theirs {
		return
	}
	t.broken(key, "%s %s, the gateway's book says %s", what, amount(ours, currency), amount(theirs, currency)).
		numbers(theirs, ours, currency)
}

// checkSettled: of each finished order the shop keeps the right amount.
func checkSettled(p *picture) Check {
	t := newTally("settled", "ended orders: cancelled keep nothing, completed what arrived less what came back", "orders")
	if why := p.blind(); why != "" {
		return t.skip(why)
	}
	for key, told := range p.facts.orders {
		if !p.ended(key, told) || p.asking(key, audit.Charges, audit.Refunds) {
			continue
		}
		t.check.Checked++
		o := told.rows.order
		a := accountIn(p.facts.accounts(told, true, ignore), o.Currency)
		if !a.isNotified() {
			continue
		}
		if what, expected, found := unsettled(told, &a); what != "" {
			t.broken(key, "it is %s, and %s "+what, o.Status, a.in(found), a.in(expected)).numbers(expected, found, a.currency)
		}
	}
	return t.done()
}

// unsettled names the error in a finished order's account, with both numbers.
func unsettled(t *told, a *account) (what string, expected, found int64) {
	if a.open() != 0 {
		return "are still set aside, not %s", 0, a.open()
	}
	switch t.rows.order.Ending {
	case audit.Rejected:
		if a.authorized != 0 {
			return "were set aside for it, not %d", 0, a.authorized
		}
	case audit.Cancelled, audit.Returned:
		kept, refused := a.captured-a.refunded-a.charged-t.rows.refund.Settled, t.rows.refund.Refused
		if a.charged > 0 { // what was refused may be with the customer all the same
			refused = max(0, min(kept, refused))
		}
		if kept != refused {
			return "are given back and charged back of %s captured", a.captured, a.captured - kept
		}
	case audit.Completed:
		total := t.rows.order.Total
		undone := a.captured - total // for parcels that were lost, or cancelled once they were paid
		if undone < 0 || undone > 0 && t.labelled <= 1 {
			return "are captured of %s", total, a.captured
		}
		r, reasons := t.rows.refund, undone+t.back+t.rows.refund.Granted
		due := min(reasons, a.captured) - r.Refused
		if a.charged > 0 { // what was refunded before, and what was left to refund after
			due = max(min(a.refunded+r.Settled, reasons), min(reasons, a.captured-a.charged)-r.Refused)
		}
		if back := a.refunded + r.Settled; back != due {
			return "are given back; what came back had cost, and operators granted, %s", due, back
		}
	}
	return "", 0, 0
}

func ignore(gateway.Entry, string) {} // checkMoney tells of those

// blind is why money cannot be checked; "" if it can.
func (p *picture) blind() string {
	if p.Book == nil {
		return noWitness
	}
	return p.without(audit.Charges, audit.Refunds, audit.Decides, audit.Ships)
}

// amount is money as a person reads it.
func amount(minorUnits int64, currency string) string {
	return schemas.Money{Amount: minorUnits, Currency: currency}.Text()
}

// in is an amount of the account's currency as a person reads it.
func (a *account) in(minorUnits int64) string { return amount(minorUnits, a.currency) }
