package demo

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// replay is the execution of a plan.
type replay struct {
	o      Options
	plan   *Plan
	client *client

	mu       sync.Mutex
	fates    []fate         // by the number of the order
	byID     map[string]int // numbers of the accepted orders
	ended    int            // of them
	refused  int
	replayed int  // accepted before
	stepped  bool // all steps are done
	first    time.Time
	last     time.Time // answers to the first and the last request to place an order
	took     []time.Duration
	waited   map[string]bool // ids of the orders that were seen to wait for goods
	intake   GoodsReport     // received, by the answers
}

// fate is the state of an order.
type fate struct {
	known   chan struct{} // closed once the order was accepted or refused
	id      string
	total   int64 // pence
	refusal string
	cancels []*cancellation // now due
	dealt   int             // number of them handled
	busy    bool            // handling the next ones
	ended   bool            // and nothing left to send
}

func newReplay(o Options, p *Plan, c *client) *replay {
	return &replay{o: o, plan: p, client: c, waited: map[string]bool{}}
}

// begin makes room for the fates of the orders, once they are known.
func (r *replay) begin() {
	r.fates, r.byID = make([]fate, len(r.plan.orders)), make(map[string]int, len(r.plan.orders))
	for i := range r.fates {
		r.fates[i].known = make(chan struct{})
	}
}

// steps executes all steps in order: many requests run concurrently, but each begins after those before it, and orders
// after the goods that are received before them.
func (r *replay) steps(ctx context.Context) error {
	group, requests := errgroup.WithContext(ctx)
	group.SetLimit(inFlight)
	next := time.Now()
	for _, s := range r.plan.steps {
		if requests.Err() != nil {
			break
		}
		var err error
		switch {
		case s.receipt != nil:
			err = r.receive(requests, s.receipt)
		case s.cancel != nil:
			group.Go(func() error { return r.cancel(requests, s.cancel) })
		default:
			for r.open() >= maxOpen && pause(requests, 20*time.Millisecond) {
			}
			if r.o.Rate > 0 {
				pause(requests, time.Until(next))
				next = next.Add(time.Duration(float64(time.Second) / r.o.Rate))
			}
			group.Go(func() error { return r.place(requests, s.order) })
		}
		if err != nil {
			return errors.Join(err, group.Wait())
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stepped = true
	return ctx.Err()
}

// open is the number of sagas that had not ended at the last poll.
func (r *replay) open() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.byID) - r.ended
}

func (r *replay) place(ctx context.Context, o *order) error {
	p, err := r.client.place(ctx, o, r.plan.products)
	var no *refusal
	if err != nil && !errors.As(err, &no) {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last = time.Now(); r.first.IsZero() {
		r.first = r.last
	}
	f := &r.fates[o.number]
	defer close(f.known)
	if no != nil {
		f.refusal = no.Error()
		r.refused++
		return nil
	}
	f.id, f.total = p.id, p.total
	r.byID[p.id] = o.number
	r.took = append(r.took, p.took)
	if p.replayed {
		r.replayed++
	}
	return nil
}

// cancel cancels an order, or leaves the return of its goods for after their delivery.
func (r *replay) cancel(ctx context.Context, c *cancellation) error {
	f := &r.fates[c.of.number]
	select {
	case <-f.known:
	case <-ctx.Done():
		return ctx.Err()
	}
	if f.refusal != "" {
		return nil
	}
	asked := false
	if c.whole {
		err := r.client.cancel(ctx, c, f.id)
		var tooLate *refusal
		if err != nil && !errors.As(err, &tooLate) {
			return err
		}
		asked = err == nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c.asked = asked
	f.cancels = append(f.cancels, c)
	if f.ended {
		f.ended = false
		r.ended--
	}
	return nil
}
