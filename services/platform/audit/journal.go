package audit

import "orderflow.example/shared/saga/audit"

// checkJournal: the journal is the gateway's book, for each order. The journal follows the events of others, so an order with
// events on their way, or with a question at the gateway, is not compared; nor is what the gateway has booked since the
// snapshots missing, as the book is read after them.
func checkJournal(p *picture) Check {
	t := newTally("journal", "the journal has each movement of money in the gateway's book, and no other", "orders")
	why := p.blind()
	if why == "" {
		why = p.without(audit.Books)
	}
	if why != "" {
		return t.skip(why)
	}
	for key, told := range p.facts.orders {
		if p.moving(key) || p.asking(key, audit.Charges, audit.Refunds) {
			continue
		}
		row := told.rows.journal
		then, now := p.facts.accounts(told, true, ignore), p.facts.accounts(told, false, ignore)
		if !row.known && len(then) == 0 {
			continue
		}
		t.check.Checked++
		if refund := told.rows.refund; refund.known && refund.Settled != row.Settled {
			t.broken(key, "the journal has %s settled outside the gateway, refund %s",
				amount(row.Settled, row.Currency), amount(refund.Settled, row.Currency)).
				numbers(refund.Settled, row.Settled, row.Currency)
		}
		checkBooked(t, key, row.Journal, accountIn(then, row.Currency), accountIn(now, row.Currency))
		for _, a := range then {
			if a.currency != row.Currency {
				checkBooked(t, key, audit.Journal{Currency: a.currency}, a, a)
			}
		}
	}
	return t.done()
}

// checkBooked compares the journal with the book at the time of the snapshots, and now. What the gateway does by itself, a
// dispute or a refund that did not arrive, it tells by a notification, which may be on its way.
func checkBooked(t *tally, key string, j audit.Journal, then, now account) {
	between := func(what string, booked, least, most int64) {
		compare(t, key, j.Currency, "the journal has "+what, booked, min(max(booked, least), most), false)
	}
	between("captured", j.Captured, then.captured, now.captured)
	if now.isNotified() {
		between("refunded", j.Refunded, then.refunded, now.refunded)
		between("charged back", j.ChargedBack, then.charged, now.charged)
	}
}
