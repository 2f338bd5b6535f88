// Package admission sheds load: the storefront accepts no more orders than the installation can process. Beyond that a new
// order is refused at once, before anything is written, with a Retry-After. Accepted orders are not touched.
//
// The measure is the storefront's own table: orders without an event since they were placed. So it does not matter which
// service is behind, and every process of the storefront sees the same.
package admission

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"orderflow.example/schemas/metrics"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/measure"
	"orderflow.example/shared/saga/metric"
)

// Reader counts orders. *store.Reader implements it.
type Reader interface {
	// Waiting counts the orders that wait, those of them placed before upto, and all orders placed from since to upto.
	Waiting(ctx context.Context, since, upto time.Time) (now, old, placed int, err error)
}

// Gate admits orders. It polls the table while orders come in, and for a while after.
type Gate struct {
	ctx  context.Context
	read Reader
	log  *slog.Logger
	shed prometheus.Counter

	mu      sync.Mutex
	limit   limit
	placing int       // admitted and not answered yet: they may not be in the table
	asked   time.Time // last
	before  look
	going   bool // the table is polled
}

// look is the result of the last poll: up to when orders were counted as placed, and how many of them waited.
type look struct {
	upto time.Time
	old  int
}

const (
	lookEvery = 250 * time.Millisecond
	lookFor   = 30 * time.Second // after the last order
	settling  = 2 * time.Second  // until an order that has its id is in the table
	patience  = 5 * time.Second
)

// New returns a gate that admits orders while those that wait can be processed within a time; all if it is 0. It polls until
// ctx ends.
func New(ctx context.Context, within time.Duration, read Reader, log *slog.Logger, r prometheus.Registerer) *Gate {
	g := &Gate{ctx: ctx, read: read, log: log, limit: limit{within: within}}
	of := measure.Service("storefront")
	gauge := func(m metric.Metric, value func() float64) {
		measure.GaugeFunc(r, m, of, func() float64 {
			g.mu.Lock()
			defer g.mu.Unlock()
			return value()
		})
	}
	g.shed = measure.Counter(r, metrics.OrdersShed, of).WithLabelValues()
	if within > 0 {
		gauge(metrics.OrdersWaiting, func() float64 { return float64(g.limit.waiting) })
		gauge(metrics.OrdersWaitingLimit, func() float64 { return g.limit.most() })
	}
	return g
}

// Admit admits an order, or returns the problem for a new one that cannot be accepted now. Call done once an admitted request
// is answered.
func (g *Gate) Admit(known func() (bool, error)) (done func(), p *httpserver.Problem) {
	if g.limit.within == 0 {
		return func() {}, nil
	}
	again := g.ask()
	if again == 0 {
		return g.answered, nil
	}
	switch there, err := known(); {
	case err != nil:
		g.log.Warn("looking up whether an order was placed before failed; the request is answered 503", "err", err)
		return nil, httpserver.Unavailable()
	case there:
		return func() {}, nil
	}
	g.shed.Inc()
	p = httpserver.NewProblem(503, "overloaded", fmt.Sprintf("more orders wait than can be confirmed within %v; nothing was done: "+
		"send the same request again, with the same Idempotency-Key, in %d s", g.limit.within, again))
	p.RetryAfter = again
	return nil, p
}

func (g *Gate) answered() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.placing--
}

func (g *Gate) ask() (again int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.asked = time.Now(); !g.going {
		g.going = true
		go g.watch()
	}
	before := g.limit.shedding
	if again = g.limit.admit(); again == 0 {
		g.placing++
	} else if !before {
		g.log.Warn("new orders are refused with 503: too many wait for confirmation",
			"waiting", g.limit.waiting, "limit", int(g.limit.most()))
	}
	return again
}

// watch polls until no order has come for lookFor. Then it forgets its counts.
func (g *Gate) watch() {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for g.ctx.Err() == nil {
		g.mu.Lock()
		if time.Since(g.asked) > lookFor {
			g.going, g.before, g.limit.waiting, g.limit.shedding = false, look{}, 0, false
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		if err := g.look(time.Now()); err != nil && g.ctx.Err() == nil {
			g.log.Warn("counting the waiting orders failed; it is tried again", "err", err)
		}
		select {
		case <-tick.C:
		case <-g.ctx.Done():
		}
	}
}

// look polls. Orders placed a moment ago do not count for the rate: they may not all be in the table yet.
func (g *Gate) look(at time.Time) error {
	ctx, cancel := context.WithTimeout(g.ctx, patience)
	defer cancel()
	since, upto := g.before.upto, at.Add(-settling)
	if since.IsZero() {
		since = upto
	}
	now, old, placed, err := g.read.Waiting(ctx, since, upto)
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil {
		g.before = look{}
		return err
	}
	before := g.limit.shedding
	g.limit.look(now+g.placing, g.before.old+placed-old, upto.Sub(since))
	if g.before = (look{upto, old}); before && !g.limit.shedding {
		g.log.Info("orders are taken again", "waiting", g.limit.waiting, "limit", int(g.limit.most()))
	}
	return nil
}
