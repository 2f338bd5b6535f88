package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"time"

	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// batch is one transaction: its inputs are decided in memory, one after another, and the results are written at the end. It has
// a share for each partition with inputs, mostly all that this process owns.
type batch struct {
	e      *Engine
	tx     *gorm.DB
	shares []*share

	sets     []States // by binding
	lookups  lookups
	series   series
	one      [1]saga.Event
	out      []outgoing
	asks     []row
	drops    []about        // questions given up
	deadline map[about]*row // armed; nil: off
	park     []parkedRow
	released []int64 // numbers of parked rows processed
	done     []*input
	finished []func()
	base     map[int]int64 // by partition, the number before the first of this batch
	trace    batchTrace
}

// share is the part of a batch that is one worker's.
type share struct {
	w         *worker
	inputs    []input
	live      []*input // of inputs, those that are decided
	positions map[string]position
	parking   map[string]bool // keys parked in this batch that later events queue behind
	keys      map[string]bool // parked keys, where other processes changed them; else nil
	version   int64           // of keys
}

// outgoing is an own event that will be written to the outbox.
type outgoing struct {
	event     saga.Event
	partition int
	data      []byte
	record    kafka.Record // without its number
}

// row is an own event with its payload as JSON.
type row struct {
	event saga.Event
	tries int // a question that was parked
	data  []byte
}

// about identifies a call or a deadline: a key has at most one for each type of own event that starts it.
type about struct{ key, kind string }

func newShare(w *worker, inputs []input) *share {
	s := &share{w: w, inputs: inputs, positions: maps.Clone(w.read), parking: map[string]bool{}}
	for i := range inputs {
		if rec := inputs[i].record; inputs[i].form == event && rec != nil {
			s.positions[rec.Topic] = position{rec.Sequence, rec.Offset + 1, storable(rec.ID)}
		}
	}
	return s
}

// concerns tells whether anything would be written.
func (s *share) concerns() bool {
	for i := range s.inputs {
		if s.inputs[i].concerns() {
			return true
		}
		if s.inputs[i].form == flush {
			if since, _ := s.w.stall.on(); len(s.positions) > 0 || !since.IsZero() {
				return true // a stopped partition is retried
			}
		}
	}
	return false
}

func (s *share) remember() {
	s.w.read = s.positions
	s.applied()
}

// applied publishes the worker's positions. Records that no machine takes count as applied.
func (s *share) applied() {
	for _, r := range s.w.readers {
		if m, ok := s.positions[r.topic]; ok {
			r.applied.Store(m.sequence)
			r.reported.Store(m.offset)
		}
	}
}

func (e *Engine) hears(name string) bool {
	for _, x := range e.Bindings {
		if x.Machine.Takes(name) {
			return true
		}
	}
	return false
}

// storePanic is the error of a store that could not convert a row or a state.
type storePanic struct{ text string }

func (p storePanic) Error() string { return p.text }

// commit writes the shares in one transaction and then notifies publishers, calls and callers.
func (e *Engine) commit(shares ...*share) error {
	b := &batch{e: e, shares: shares, deadline: map[about]*row{}}
	ctx, cancel := context.WithTimeout(context.Background(), batchTimeout)
	defer cancel()
	for _, s := range shares {
		s.w.began.Store(time.Now().UnixNano())
		defer s.w.began.Store(0)
	}
	inputs, began := 0, time.Now()
	ctx = b.beginTrace(ctx, began)
	for _, s := range shares {
		inputs += len(s.inputs)
	}
	err := database.Pipeline(ctx, e.DB, b.transact)
	e.metrics.committed(inputs, time.Since(began), err, b.trace.id())
	b.endTrace(began, err)
	if err != nil {
		return err
	}
	b.committed()
	return nil
}

// batchTimeout ends a transaction whose database does not answer.
const batchTimeout = 30 * time.Second

// transact is the transaction of the batch. A store that panics fails it, and nothing else.
func (b *batch) transact(tx *gorm.DB) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = storePanic{fmt.Sprintf("a store of %s: panic: %v\n%s", b.e.Service, p, debug.Stack())}
		}
	}()
	b.tx = tx
	if err := b.enter(tx); err != nil {
		return err
	}
	if err := b.claim(tx); err != nil {
		return err
	}
	if err := b.recall(tx); err != nil {
		return err
	}
	var live []*input
	for _, s := range b.shares {
		b.read(s.live)
		live = append(live, s.live...)
	}
	for _, binding := range b.e.Bindings {
		mine := spread(binding.Machine, b.about(binding.Machine, live))
		if err := lockStates(tx, binding.Machine, mine); err != nil {
			return err
		}
		set, err := binding.Store.Load(tx, mine)
		if err != nil {
			return err
		}
		b.sets = append(b.sets, set)
	}
	if err := b.lookups.prepare(b, live); err != nil {
		return err
	}
	if err := database.Arrived(tx); err != nil { // the fence must have answered before anything is decided
		return err
	}
	for _, s := range b.shares {
		if s.keys == nil {
			s.keys = s.w.parked
		}
		for _, in := range s.live {
			b.decide(s, in)
		}
	}
	if err := errors.Join(b.lookups.err, b.series.err); err != nil {
		return err
	}
	return b.write(tx)
}

// about selects the events that a machine decides on.
func (b *batch) about(m *saga.Machine, live []*input) []saga.Event {
	events := make([]saga.Event, 0, len(live))
	for _, in := range live {
		if in.reason == "" && in.isFor(m) {
			events = append(events, in.event)
		}
	}
	return events
}

// committed notifies publishers, calls, metrics and callers.
func (b *batch) committed() {
	for _, s := range b.shares {
		s.committed()
	}
	b.publish()
	for _, k := range b.drops {
		if p := b.e.owner(k.key); p != nil {
			p.calls.drop(k)
		}
	}
	for _, a := range b.asks {
		if p := b.e.owner(a.event.Key); p != nil {
			p.calls.ask(a.event, 1+a.tries, false)
		}
	}
	b.e.metrics.processed(b.done, b.e.clock.now())
	for _, f := range b.finished {
		f()
	}
}

func (s *share) committed() {
	w := s.w
	w.stall.over(w.e, w.partition)
	maps.Copy(w.committed, s.positions)
	w.read = map[string]position{}
	s.applied()
	if w.epoch > 0 {
		w.parked, w.parkedVersion = s.keys, s.version
	}
	for key := range s.parking {
		w.parked[key] = true
	}
	for i := range s.inputs {
		switch in := &s.inputs[i]; in.form {
		case answer, refusal:
			w.calls.settled(in.event.ID)
			w.queue.settled(in.event.ID)
		case deadline:
			w.queue.settled(in.event.ID)
		}
	}
}
