package verify

import (
	"fmt"

	"orderflow.example/services/order"
	"orderflow.example/services/payment"
	"orderflow.example/services/platform/internal/world/gateway"
	"orderflow.example/services/refund"
)

const noWitness = "the gateway's book cannot be read"

// checkMoney: what the gateway's book says adds up, and nobody is charged or refunded too much.
func checkMoney(p *picture) Check {
	t := newTally("money", "authorised = captured + voided + open; one of each at most; refunds ≤ captured", "accounts at the gateway")
	if why := p.blind(); why != "" {
		return t.skip(why)
	}
	all := accounts(p.book, p.facts.asks, false, func(e gateway.Entry, why string) {
		t.broken(e.Order, "the gateway %s %d %s with key %s, and %s", e.Kind, e.Amount, e.Currency, e.Key, why)
	})
	for _, a := range all {
		t.check.Checked++
		if a.open() < 0 {
			t.broken(a.order, "the gateway set aside %d %s, and captured %d and let go of %d", a.authorized, a.currency, a.captured, a.voided)
		}
		held := 0
		for _, left := range a.holds {
			if left > 0 {
				held++
			}
		}
		if held > 1 {
			t.broken(a.order, "%d authorisations are open at once", held)
		}
		if a.captures > 1 {
			t.broken(a.order, "it was charged %d times", a.captures)
		}
		if a.refunded > a.captured {
			t.broken(a.order, "%d %s were refunded of %d captured", a.refunded, a.currency, a.captured)
		}
	}
	return t.done()
}

// checkAgreement: payment, refund and the gateway's book tell the same of each order. While a service is being answered
// the gateway may be ahead of it, never behind.
func checkAgreement(p *picture) Check {
	t := newTally("agreement", "payment and refund have what the gateway's book has", "orders")
	if why := p.blind(); why != "" {
		return t.skip(why)
	}
	then := accounts(p.book, p.facts.asks, true, ignore)
	now := accounts(p.book, p.facts.asks, false, ignore)
	for key, row := range states[payment.Payment](p, "payment") {
		t.check.Checked++
		a, waits := accountOf(then, key, row.Amount.Currency), p.asking(key, "payment")
		compare(t, key, "payment has captured", row.Captured, a.captured, waits)
		compare(t, key, "payment has let go of", row.Voided, a.voided-a.released, waits)
		if open, known := stillOpen(row); known && !waits {
			compare(t, key, "payment has set aside and open", open, a.open(), false)
		}
	}
	for key, row := range states[refund.Refund](p, "refund") {
		a, waits := accountOf(then, key, row.Currency), p.asking(key, "refund")
		compare(t, key, "refund has given back", row.Refunded, a.refunded, waits)
		if row.Taken {
			compare(t, key, "refund has heard was captured", row.Captured, accountOf(now, key, row.Currency).captured, false)
		}
	}
	for _, a := range then {
		row, known := state[payment.Payment](p, "payment", a.order)
		if !known || row.Amount.Currency != a.currency {
			t.broken(a.order, "the gateway has an account in %s, payment has none", a.currency)
		}
	}
	return t.done()
}

// accountOf is the account of an order, empty where the gateway never moved anything.
func accountOf(all map[accountKey]*account, key, currency string) *account {
	if a := all[accountKey{key, currency}]; a != nil {
		return a
	}
	return &account{order: key, currency: currency}
}

func compare(t *tally, key, what string, ours, theirs int64, ahead bool) {
	if ours == theirs || ahead && ours < theirs {
		return
	}
	t.broken(key, "%s %d, the gateway's book says %d", what, ours, theirs)
}

// stillOpen is what payment believes to be set aside and not yet taken; false while it does not know.
func stillOpen(p payment.Payment) (int64, bool) {
	switch p.Status {
	case payment.Authorized, payment.CaptureFailed:
		return p.Amount.Amount, true
	case payment.Waiting, payment.Declined, payment.Captured, payment.Voided:
		return 0, true
	}
	return 0, false
}

// checkSettled: orders that have come to their end leave the shop with the money it should have.
func checkSettled(p *picture) Check {
	t := newTally("settled", "ended orders: cancelled keep nothing, completed the total less what came back", "orders")
	if why := p.blind(); why != "" {
		return t.skip(why)
	}
	then := accounts(p.book, p.facts.asks, true, ignore)
	for key, o := range p.ended() {
		if p.asking(key, "payment", "refund") {
			continue
		}
		t.check.Checked++
		if text := unsettled(o, accountOf(then, key, o.Total.Currency), p.facts.orders[key]); text != "" {
			t.broken(key, "it is %s, and %s", o.Status, text)
		}
	}
	return t.done()
}

func unsettled(o order.Order, a *account, told *told) string {
	if a.open() != 0 {
		return fmt.Sprintf("%d %s are still set aside", a.open(), a.currency)
	}
	switch o.Status {
	case order.Rejected:
		if a.authorized != 0 {
			return fmt.Sprintf("%d %s were set aside for it", a.authorized, a.currency)
		}
	case order.Cancelled, order.Returned:
		if a.captured != a.refunded {
			return fmt.Sprintf("of %d %s captured %d are refunded", a.captured, a.currency, a.refunded)
		}
	case order.Completed:
		if a.captured != o.Total.Amount {
			return fmt.Sprintf("%d %s are captured of %d", a.captured, a.currency, o.Total.Amount)
		}
		var due int64
		if told != nil {
			due = min(told.back, a.captured) - told.notRefunded
		}
		if a.refunded != due {
			return fmt.Sprintf("%d %s are refunded; what came back had cost %d", a.refunded, a.currency, due)
		}
	}
	return ""
}

func ignore(gateway.Entry, string) {} // checkMoney tells of those

// blind is why money cannot be checked; "" where it can.
func (p *picture) blind() string {
	if p.Book == nil {
		return noWitness
	}
	return p.without("payment", "refund", "order", "shipping")
}
