package gateway

import (
	"context"
	"fmt"
	"slices"
	"time"

	"orderflow.example/services/platform/world/chance"
)

// plan is something that the gateway does by itself, some time after an entry.
type plan struct {
	at time.Time
	do func(b *book) []Entry // no entry where it was done before
}

// disputeFee is what a dispute costs the shop, in minor units of any currency.
const disputeFee = 1500

// plan notes what follows from an entry by itself. It is the same when the book is loaded again.
func (b *book) plan(e Entry) {
	h := b.byReference[e.Reference]
	if h == nil {
		return
	}
	later := func(shortest, longest time.Duration, do func(b *book) []Entry) {
		b.plans = append(b.plans, plan{e.At.Add(b.luck.Between(shortest, longest, string(e.Kind), e.Order, e.Key, e.About)), do})
	}
	switch {
	case e.Kind == Captured && isChargedBack(h.token):
		later(20*time.Second, 40*time.Second, func(b *book) []Entry { return b.openDispute(e.Reference) })
	case e.Kind == ChargedBack:
		later(10*time.Second, 20*time.Second, func(b *book) []Entry { return b.decideDispute(e.Reference) })
	case e.Kind == Refunded && h.token == tokenRefundReversed && len(h.refunds) == 1:
		later(5*time.Second, 10*time.Second, func(b *book) []Entry { return b.reverseRefund(e.Reference) })
	}
}

// openDispute takes everything that the shop has of the payment.
func (b *book) openDispute(reference string) []Entry {
	h := b.byReference[reference]
	if h.dispute != "" || h.left() == 0 {
		return nil
	}
	e := h.entry(ChargedBack, h.left())
	e.About, e.Fee = fmt.Sprintf("dp_%016x", chance.Mix(uint64(len(b.entries)+1))), disputeFee
	return []Entry{e}
}

// decideDispute lets the shop win about every second dispute.
func (b *book) decideDispute(reference string) []Entry {
	h := b.byReference[reference]
	if h.over {
		return nil
	}
	e := h.entry(DisputeLost, h.charged)
	if b.luck.Of("won", h.order) < .5 {
		e.Kind = ChargebackReversed
	}
	e.About = h.dispute
	return []Entry{e}
}

// reverseRefund takes the first refund back: it did not arrive.
func (b *book) reverseRefund(reference string) []Entry {
	h := b.byReference[reference]
	first := h.refunds[0]
	if h.reversed[first.Key] {
		return nil
	}
	e := h.entry(RefundReversed, first.Amount)
	e.About = first.Key
	return []Entry{e}
}

// entry begins an entry about the hold.
func (h *hold) entry(kind Kind, amount int64) Entry {
	return Entry{Kind: kind, Order: h.order, Amount: amount, Currency: h.currency, Reference: h.reference, Attempt: h.attempt,
		Card: h.card}
}

// enter adds entries at the end.
func (b *book) enter(at time.Time, entries ...Entry) {
	for _, e := range entries {
		e.Seq, e.At = int64(len(b.entries)+1), at
		b.add(e)
	}
}

// act carries out the plans that are due.
func (b *book) act(now time.Time) {
	due := slices.DeleteFunc(slices.Clone(b.plans), func(p plan) bool { return p.at.After(now) })
	slices.SortStableFunc(due, func(x, y plan) int { return x.at.Compare(y.at) })
	b.plans = slices.DeleteFunc(b.plans, func(p plan) bool { return !p.at.After(now) })
	for _, p := range due {
		b.enter(now, p.do(b)...)
	}
}

// moment is the time of the world, as the book keeps it.
func (g *Gateway) moment() time.Time { return g.now().UTC().Truncate(time.Microsecond) }

// actByItself carries plans out until ctx ends.
func (g *Gateway) actByItself(ctx context.Context) {
	tick := time.NewTicker(min(max(g.luck.Scaled(time.Second), 10*time.Millisecond), 500*time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := g.journal.Do(func() { g.book.act(g.moment()) }); err != nil && ctx.Err() == nil {
			g.log.Debug("simulated gateway: could not act by itself, it is tried again", "error", err)
		}
	}
}

// isOwn tells whether the gateway made the entry by itself.
func (e Entry) isOwn() bool {
	return e.Kind == RefundReversed || e.Kind == ChargedBack || e.Kind == ChargebackReversed || e.Kind == DisputeLost
}
