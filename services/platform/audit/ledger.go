package audit

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"orderflow.example/schemas/metrics"
	"orderflow.example/shared/measure"
)

// How often the Ledger looks. After a look that found a new difference the next follows soon, since only that shows whether it is
// a break. After each look it rests for a multiple of the time that it worked, which bounds its share of a processor: on a large
// installation looks are rarer. But it works by the clock, also while others have the processor: on a machine that is overloaded
// a look of half a minute would be followed by five of rest, just when money may go astray. So a rest has an end.
const (
	lookBusy     = 5 * time.Second
	lookIdle     = 15 * time.Second
	lookDoubtful = time.Second
	longestRest  = time.Minute
)

// seeLimit is how long the databases may take to answer before the look fails.
const seeLimit = 30 * time.Second

// Ledger repeats the checks of Run on new events, changed rows, and new entries of the gateway's book. It keeps some 2.5 KB of a
// finished order, and all facts of an open one. It changes nothing and calls no service. Events and outbox rows are compared
// once, except the lowest row: only Run finds a later change of them. Nor does the Ledger check whether services make progress,
// which is not about money or goods.
type Ledger struct {
	config Config
	gauge  *prometheus.GaugeVec
	since  time.Time

	picture *picture // nil before the first look, and after the facts became useless
	looks   *looks

	mu    sync.Mutex
	state State
}

// State is the state of the Ledger.
type State struct {
	Holds      bool       `json:"holds"`                // no break is known, and there was a look
	CheckedAt  *time.Time `json:"checked_at,omitempty"` // when the databases of the last whole look were read
	OldestLook *time.Time `json:"oldest_look,omitempty"`
	Rounds     int64      `json:"rounds"` // whole looks
	Error      string     `json:"error,omitempty"`
	ErrorSince *time.Time `json:"error_since,omitempty"` // no whole look since
	Checks     []Check    `json:"checks"`
	Breaks     []Break    `json:"breaks"` // at most 200; the checks count all
}

// listedBreaks is how many breaks are listed.
const listedBreaks = 200

// NewLedger makes a Ledger; Run starts its looks.
func NewLedger(r prometheus.Registerer) *Ledger {
	l := &Ledger{looks: newLooks(), state: State{Checks: []Check{}, Breaks: []Break{}}, since: time.Now(),
		gauge: measure.Gauge(r, metrics.ConservationBreaks, measure.Labels{})}
	measure.GaugeFunc(r, metrics.ConservationAge, measure.Labels{}, func() float64 { return time.Since(l.lookedAt()).Seconds() })
	return l
}

// lookedAt is when the databases of the last whole look were read, or since when there is none.
func (l *Ledger) lookedAt() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state.CheckedAt == nil {
		return l.since
	}
	return *l.state.CheckedAt
}

// State is the result of the last look.
func (l *Ledger) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// awaitEvery is how often Await tries again.
const awaitEvery = 5 * time.Second

// Await tries to connect until every database is there. Meanwhile the ledger's state names the missing ones. The error is that of
// the context.
func (l *Ledger) Await(ctx context.Context, log *slog.Logger,
	connect func(ctx context.Context) (*Connection, error)) (*Connection, error) {
	l.config.Log = log
	for ctx.Err() == nil {
		there, err := connect(ctx)
		if err == nil {
			if err = there.Whole(); err == nil {
				return there, nil
			}
			err = errors.Join(err, there.Close())
		}
		if ctx.Err() == nil {
			l.fail(err.Error())
		}
		pause(ctx, awaitEvery)
	}
	return nil, ctx.Err()
}

// Run looks until the context ends. Call it once.
func (l *Ledger) Run(ctx context.Context, c Config) {
	c.defaults()
	l.config = c
	for ctx.Err() == nil {
		worked, busy := l.round(ctx)
		wait := lookIdle
		switch {
		case l.looks.doubtful():
			wait = lookDoubtful
		case busy:
			wait = lookBusy
		}
		pause(ctx, c.restAfter(worked, wait))
	}
}

func (c *Config) restAfter(worked, least time.Duration) time.Duration {
	return max(least, min(time.Duration(c.Rest)*worked, longestRest))
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// round is one look. It returns how long it worked, without waiting and resting, and whether any order was open.
func (l *Ledger) round(ctx context.Context) (worked time.Duration, busy bool) {
	start := time.Now()
	if l.picture == nil {
		l.picture = newPicture(l.config)
		l.picture.again, l.picture.rest = true, func(ctx context.Context, worked time.Duration) {
			if worked > time.Millisecond {
				pause(ctx, time.Duration(l.config.Rest)*worked)
			}
		}
	}
	p := l.picture
	before := p.facts.events
	checks, err := l.look(ctx, p)
	switch {
	case ctx.Err() != nil:
		return 0, false
	case err != nil:
		l.fail(err.Error())
	default:
		l.enter(p, checks)
	}
	return time.Since(start) - p.readingTime, p.facts.events > before || len(p.facts.await) > 0
}

func (l *Ledger) look(ctx context.Context, p *picture) ([]Check, error) {
	p.readingTime = 0
	seeing, cancel := context.WithTimeout(ctx, seeLimit)
	defer cancel()
	if err := p.see(seeing); err != nil {
		return nil, err
	}
	if p.older() {
		l.picture = nil
		return nil, errors.New("a database was restored from a backup: all checks start anew")
	}
	r, err := p.check(ctx)
	for _, t := range p.traces {
		if t.spoiled != nil {
			l.picture = nil
		}
	}
	return r.Checks, err
}

// older tells whether a database has given fewer numbers than were read: it was restored from a backup.
func (p *picture) older() bool {
	for name, t := range p.traces {
		for partition, last := range t.reading.Last {
			if !t.foreign && p.ends[name][partition] < last {
				return true
			}
		}
	}
	return false
}

func (l *Ledger) fail(why string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state.Error == "" {
		now := time.Now().UTC()
		l.state.ErrorSince = &now
		l.config.Log.Warn("conservation ledger: the check failed; it is tried again", "error", why)
	}
	l.state.Error = why
}

// enter records the result of a look.
func (l *Ledger) enter(p *picture, checks []Check) {
	var oldest time.Time
	for _, t := range p.traces {
		if !t.foreign && (oldest.IsZero() || t.comparedAt.Before(oldest)) {
			oldest = t.comparedAt
		}
	}
	oldest = oldest.UTC()
	for _, b := range l.looks.look(oldest, checks, p.onItsWay) {
		b = p.named(b)
		args := []any{"kind", b.Kind, "id", b.ID, "text", b.Text}
		if b.Order != "" {
			args = append(args, "order", b.Order)
		}
		if b.Expected != nil {
			args = append(args, "expected", *b.Expected, "found", *b.Found)
		}
		l.config.Log.Error("conservation ledger: an invariant is broken", args...)
	}
	breaks, broken := l.looks.breaks(), map[string]int{}
	unsettled := map[string]bool{}
	for i, b := range breaks {
		breaks[i] = p.named(b)
		broken[b.Kind]++
	}
	for s := range l.looks.seen {
		unsettled[s.id] = true
	}
	p.settle(func(order string) bool { return unsettled[order] })

	if p.incomplete != "" {
		l.fail(p.incomplete)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	standing := map[string]Check{}
	for _, c := range l.state.Checks {
		standing[c.Name] = c
	}
	now := make([]Check, len(checks))
	for i, c := range checks {
		if was, known := standing[c.Name]; known && c.Skipped != "" {
			c = was // skipped in this look
		}
		c.Broken, c.Offending, c.all = broken[c.Name], nil, nil
		c.Holds = c.Broken == 0 && c.Skipped == ""
		now[i] = c
		l.gauge.WithLabelValues(c.Name).Set(float64(c.Broken))
	}
	s := State{Holds: len(breaks) == 0, Rounds: l.state.Rounds + 1, CheckedAt: &oldest, OldestLook: &oldest,
		Checks: now, Breaks: breaks[:min(len(breaks), listedBreaks):min(len(breaks), listedBreaks)]}
	if p.incomplete != "" {
		s.Rounds, s.CheckedAt, s.OldestLook = l.state.Rounds, l.state.CheckedAt, l.state.OldestLook
		s.Error, s.ErrorSince = l.state.Error, l.state.ErrorSince
		s.Holds = s.Holds && s.Rounds > 0
	}
	l.state = s
	if s.Rounds == 1 {
		debug.FreeOSMemory() // the first look reads all topics
	}
}

// named adds to a break the order that it is about.
func (p *picture) named(b Break) Break {
	if p.facts.orders[b.ID] != nil {
		b.Order = b.ID
	}
	return b
}

// onItsWay tells whether events are on their way for an order, or calls are open.
func (p *picture) onItsWay(order string) bool {
	return p.facts.orders[order] != nil && (p.moving(order) || p.askingAny(order))
}
