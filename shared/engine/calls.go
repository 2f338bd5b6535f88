package engine

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"
	"gorm.io/gorm"

	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// openCalls are the calls of one partition to outside parties. Each is a row until it is answered, dropped or parked. Only
// calls under way, or due within a second, are in memory; the scheduler loads the others when they are due. Every try has the
// same id. Answers are inputs of the partition's worker.
type openCalls struct {
	p *partition

	mu     sync.Mutex
	held   map[string]*call // by id
	put    []*call          // to leave the memory: their rows get the time of the next try
	closed bool

	round int // of the schedule; of the maintenance alone
}

// call is a question in memory.
type call struct {
	of     *openCalls
	lane   *lane
	event  saga.Event // that asks
	try    int        // under way, or the next one
	err    string     // of the previous try; empty after NotYet
	due    time.Duration
	ctx    context.Context // ends when the call is answered or dropped
	cancel context.CancelFunc
	timer  *time.Timer
	span   trace.SpanID // of the last try; zero unless the saga is recorded

	restored bool // see Attempt
}

const (
	heldCalls  = 2000 // questions of one partition in memory
	shortWait  = time.Second
	firstRetry = 100 * time.Millisecond
	lastRetry  = 10 * time.Second
)

func newOpenCalls(p *partition) *openCalls { return &openCalls{p: p, held: map[string]*call{}} }

// ask starts a call that was just committed, or leaves it to the scheduler.
func (o *openCalls) ask(asked saga.Event, try int, restored bool) {
	l := o.p.e.laneOf(asked.Type)
	if l == nil {
		return
	}
	o.mu.Lock()
	if o.closed || o.held[asked.ID] != nil || len(o.held) >= heldCalls || l.room() == 0 {
		o.mu.Unlock()
		return
	}
	c := &call{of: o, lane: l, event: asked, try: try, restored: restored}
	c.ctx, c.cancel = context.WithCancel(o.p.ctx)
	o.held[asked.ID] = c
	o.mu.Unlock()
	l.push(c)
}

// tried handles the outcome of a try. The call stays in memory until its answer is committed.
func (o *openCalls) tried(c *call, answered any, err error) {
	if c.ctx.Err() != nil {
		return
	}
	metrics, name := o.p.e.metrics, c.lane.answerer.Question
	var later notYet
	wait := min(firstRetry<<min(c.try-1, 10), lastRetry)
	switch {
	case err == nil:
		metrics.called(name, callAnswered)
		o.p.queue.push(input{form: answer, event: c.event, answer: answered, try: c.try, from: c.span})
		return
	case IsRefused(err):
		metrics.called(name, callRefused)
		o.p.queue.push(input{form: refusal, event: c.event, try: c.try, from: c.span, reason: line(err.Error())})
		return
	case errors.As(err, &later):
		wait = later.after
	default:
		metrics.called(name, callUnknown)
		o.p.e.Log.Info("outcome of a call is unknown; it is tried again", "question", name, idsOf(c.event), "try", c.try, "err", err)
		wait = wait/2 + rand.N(wait) // jitter: calls that failed together are not retried together
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.held[c.event.ID] != c {
		return
	}
	if c.err = ""; later.after == 0 {
		c.err = line(err.Error())
	}
	if c.try++; wait <= shortWait && len(o.held) < heldCalls {
		c.timer = time.AfterFunc(wait, func() { c.lane.push(c) })
		return
	}
	c.due = wait
	o.put = append(o.put, c)
}

// settled removes a call whose answer is committed.
func (o *openCalls) settled(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.forget(o.held[id])
}

// drop removes a call that was given up and cancels its try.
func (o *openCalls) drop(a about) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range o.held {
		if c.event.Key == a.key && c.event.Type == a.kind {
			o.forget(c)
		}
	}
}

func (o *openCalls) forget(c *call) {
	if c == nil {
		return
	}
	if c.timer != nil {
		c.timer.Stop()
	}
	c.cancel()
	delete(o.held, c.event.ID)
}

// close cancels all tries. The rows stay: the next owner retries them, beginning with an inquiry.
func (o *openCalls) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	for _, c := range o.held {
		o.forget(c)
	}
}

// laneOf asks what an own event of this type asks; nil where it asks nothing.
func (e *Engine) laneOf(name string) *lane { return e.lanes[name] }

// writeCalls deletes the rows of calls that were dropped, parked ones too, and inserts those of new calls.
func (b *batch) writeCalls(tx *gorm.DB) error {
	if len(b.drops) > 0 {
		err := later(tx, "drop calls",
			`WITH dropped AS (SELECT * FROM unnest($1::text[], $2::text[], $3::int[]) AS d (key, type, partition)),
			open AS (DELETE FROM engine.call c USING dropped d WHERE c.key = d.key AND c.type = d.type)
			DELETE FROM engine.parked p USING dropped d
			WHERE p.partition = d.partition AND p.key = d.key AND p.type = d.type AND p.form = 'call'`,
			array(b.drops, func(a about) string { return a.key }), array(b.drops, func(a about) string { return a.kind }),
			array(b.drops, func(a about) int32 { return int32(kafka.PartitionOf(a.key, b.e.Partitions)) }))
		if err != nil {
			return err
		}
	}
	if len(b.asks) == 0 {
		return nil
	}
	return later(tx, "write calls", `INSERT INTO engine.call (id, partition, type, key, saga, at, asked)
		SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[]::json[])`,
		array(b.asks, func(r row) string { return r.event.ID }),
		array(b.asks, func(r row) int32 { return int32(kafka.PartitionOf(r.event.Key, b.e.Partitions)) }),
		array(b.asks, func(r row) string { return r.event.Type }),
		array(b.asks, func(r row) string { return r.event.Key }),
		array(b.asks, func(r row) string { return r.event.Saga }),
		array(b.asks, func(r row) time.Time { return r.event.Time }),
		array(b.asks, func(r row) string { return string(r.data) }))
}

// retries lists the calls in memory that were tried before.
func (o *openCalls) retries() []Retry {
	o.mu.Lock()
	defer o.mu.Unlock()
	var list []Retry
	for _, c := range o.held {
		if c.try > 1 {
			list = append(list, Retry{ID: c.event.ID, Key: c.event.Key, Question: c.lane.answerer.Question, Try: c.try, Error: c.err,
				Since: c.event.Time})
		}
	}
	return list
}

// sortRetries sorts calls with an error first, oldest first, and keeps as many as a report may list.
func sortRetries(list []Retry) []Retry {
	slices.SortFunc(list, func(a, b Retry) int {
		if (a.Error == "") != (b.Error == "") {
			return map[bool]int{true: 1, false: -1}[a.Error == ""]
		}
		return cmp.Or(a.Since.Compare(b.Since), strings.Compare(a.ID, b.ID))
	})
	return list[:min(len(list), listedMost)]
}
