package demo

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"
)

// errStuck ends a run in which no more sagas end.
var errStuck = errors.New("no saga has ended for too long")

// watch polls the open orders until there are none, and requests the returns of those that have ended.
func (r *replay) watch(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(inFlight / 4)
	err := r.look(ctx, group)
	return errors.Join(err, group.Wait())
}

func (r *replay) look(ctx context.Context, group *errgroup.Group) error {
	r.o.Progress.Stage("placing orders", len(r.plan.orders))
	waiting, before, since := false, -1, time.Now()
	for pause(ctx, r.o.look) {
		candidates, stepped := r.candidates() // first: an order placed later may be missing in the list, and yet be open
		open := map[string]bool{}
		err := r.client.states(ctx, true, func(s state) {
			if open[s.ID] = true; s.Status == "backordered" {
				r.waited[s.ID] = true
			}
		})
		if err != nil {
			return err
		}
		for _, n := range candidates {
			if f := &r.fates[n]; !open[f.id] && r.end(f) {
				group.Go(func() error { return r.sendBack(ctx, n) })
			}
		}
		placed, ended, done := r.counts()
		if stepped && !waiting {
			waiting = true
			r.o.Progress.Stage("waiting until all sagas end", placed)
		}
		if waiting {
			r.o.Progress.Set(ended)
		} else {
			r.o.Progress.Set(done)
		}
		if stepped && ended == placed {
			return nil
		}
		if now := ended + done; now != before {
			before, since = now, time.Now()
		} else if time.Since(since) > r.o.Patience {
			return errStuck
		}
	}
	return ctx.Err()
}

// candidates returns the orders that may have ended, and whether there can be more.
func (r *replay) candidates() (numbers []int, stepped bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n := range r.fates {
		if f := &r.fates[n]; f.id != "" && !f.ended && !f.busy {
			numbers = append(numbers, n)
		}
	}
	return numbers, r.stepped
}

// end records that an order is not open, or that requests for it remain.
func (r *replay) end(f *fate) (more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f.dealt < len(f.cancels) {
		f.busy = true
		return true
	}
	f.ended = true
	r.ended++
	return false
}

func (r *replay) counts() (placed, ended, done int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.byID), r.ended, len(r.byID) + r.refused
}

// sendBack requests the returns of an order that has ended, each once: its key is the same in every run and importer, and
// an existing return has the cancellation's reason.
func (r *replay) sendBack(ctx context.Context, number int) error {
	f, o := &r.fates[number], r.plan.orders[number]
	r.mu.Lock()
	waiting := f.cancels[f.dealt:]
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		f.busy = false
	}()
	for _, c := range waiting {
		err := r.sendBackOne(ctx, o, f.id, c)
		var no *refusal
		switch {
		case is(err, "idempotency-key-reused"): // another importer requests it, and the next poll sees it
		case errors.As(err, &no):
			c.refusal = no.Error()
		case err != nil:
			return err
		}
		r.mu.Lock()
		f.dealt++
		r.mu.Unlock()
	}
	return nil
}

func (r *replay) sendBackOne(ctx context.Context, o *order, id string, c *cancellation) error {
	v, err := r.client.view(ctx, o, id)
	if err != nil || !v.arrived() {
		return err
	}
	left := map[string]int64{}
	for _, l := range v.Lines {
		left[l.SKU] += l.Quantity
	}
	for _, back := range v.Returns {
		if back.Reason == c.reason() {
			return nil
		}
		for _, l := range back.Lines {
			left[l.SKU] -= l.Quantity
		}
	}
	var lines []item
	for _, l := range items(c.lines, r.plan.products) {
		if left[l.SKU] >= l.Quantity {
			lines = append(lines, l)
		}
	}
	if lines == nil {
		return nil
	}
	return r.client.sendBack(ctx, c, id, lines)
}

// arrived reports whether the goods are, or were, with the customer.
func (v view) arrived() bool { return v.Status == "completed" || v.Status == "returned" }

// refuseAbove is the total, in pence, above which the operator refuses an order in review.
const refuseAbove = 5_000_000

// review decides the orders in review, until ctx ends.
func (r *replay) review(ctx context.Context) error {
	for pause(ctx, r.o.look) {
		var waiting []string
		if err := r.client.reviews(ctx, func(v review) { waiting = append(waiting, v.Order) }); err != nil {
			return err
		}
		for _, id := range waiting {
			r.mu.Lock()
			n, ours := r.byID[id]
			r.mu.Unlock()
			if !ours {
				continue // or the request to place it is not answered yet
			}
			err := r.client.decide(ctx, id, r.fates[n].total <= refuseAbove)
			var no *refusal
			if err != nil && !errors.As(err, &no) { // a refusal: it was cancelled meanwhile
				return err
			}
		}
	}
	return nil
}
