package engine

import (
	"fmt"
	"maps"
	"runtime/debug"
	"time"

	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// batch is what one transaction does: decided in memory, one input after another, written at the end.
type batch struct {
	w         *worker
	inputs    []input
	positions map[string]position

	sets     []States // by binding
	out      []outgoing
	asks     []row
	drops    []about        // questions given up
	deadline map[about]*row // armed; nil: off
	park     []parkedRow
	parking  map[string]bool // keys of park that later events queue behind
	keys     map[string]bool // parked ones as others left them, nil where nobody changed them
	version  int64           // of keys
	released []int64         // numbers of parked rows processed
	done     []*input
	finished []func()
	base     map[int]int64 // by partition, the number before the first of this batch
}

// outgoing is an own event on its way to the outbox.
type outgoing struct {
	event     saga.Event
	partition int
	data      []byte
	record    kafka.Record // but for its number
}

// row is an own event with its payload as JSON.
type row struct {
	event saga.Event
	after time.Duration // a deadline
	tries int           // a question that was parked
	data  []byte
}

// about names what can be open once for a key: the question asked, or the deadline set, by the own event of this type.
type about struct{ key, kind string }

func newBatch(w *worker, inputs []input) *batch {
	b := &batch{w: w, inputs: inputs, positions: maps.Clone(w.read)}
	for i := range inputs {
		if rec := inputs[i].record; inputs[i].form == event && rec != nil {
			b.positions[rec.Topic] = position{rec.Sequence, rec.Offset + 1, storable(rec.ID)}
		}
	}
	return b
}

// concerns tells whether anything would be written.
func (b *batch) concerns() bool {
	for i := range b.inputs {
		switch in := &b.inputs[i]; in.form {
		case event:
			if in.number != 0 || b.w.e.hears(in.record.Type) || in.record.Malformed != nil {
				return true
			}
		case flush:
			if since, _ := b.w.stall.on(); len(b.positions) > 0 || !since.IsZero() {
				return true // a partition that stands still is tried
			}
		default:
			return true
		}
	}
	return false
}

func (b *batch) remember() {
	b.w.read = b.positions
	b.applied()
}

// applied shows how far the worker is. What concerns nobody counts: nothing is owed for it.
func (b *batch) applied() {
	for _, r := range b.w.readers {
		if m, ok := b.positions[r.topic]; ok {
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

// storePanic is a store that could not convert a row or a state.
type storePanic struct{ text string }

func (p storePanic) Error() string { return p.text }

// transact is the transaction of the batch. A store that panics fails it, and nothing else.
func (b *batch) transact(tx *gorm.DB) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = storePanic{fmt.Sprintf("a store of %s: panic: %v\n%s", b.w.e.Service, p, debug.Stack())}
		}
	}()
	if b.w.epoch > 0 {
		err = b.fence(tx)
	} else {
		err = b.enter(tx)
	}
	if err != nil {
		return err
	}
	live, err := b.claim(tx)
	if err != nil {
		return err
	}
	b.read(live)
	for _, binding := range b.w.e.Bindings {
		set, err := binding.Store.Load(tx, b.about(binding.Machine, live))
		if err != nil {
			return err
		}
		b.sets = append(b.sets, set)
	}
	if err := database.Arrived(tx); err != nil { // whatever the stores asked: nothing is decided before the fence has answered
		return err
	}
	b.deadline, b.parking = map[about]*row{}, map[string]bool{}
	if b.keys == nil {
		b.keys = b.w.parked
	}
	for _, in := range live {
		b.decide(in)
	}
	return b.write(tx)
}

// about picks the events that a machine decides on.
func (b *batch) about(m *saga.Machine, live []*input) []saga.Event {
	events := make([]saga.Event, 0, len(live))
	for _, in := range live {
		if in.reason == "" && in.isFor(m) {
			events = append(events, in.event)
		}
	}
	return events
}

// committed tells everybody what happened.
func (b *batch) committed() {
	w := b.w
	maps.Copy(w.committed, b.positions)
	w.read = map[string]position{}
	b.applied()
	if w.epoch > 0 {
		w.parked, w.parkedVersion = b.keys, b.version
	}
	for key := range b.parking {
		w.parked[key] = true
	}
	b.publish()
	for i := range b.inputs {
		switch in := &b.inputs[i]; in.form {
		case answer, refusal:
			w.calls.settled(in.event.ID)
			w.queue.settled(in.event.ID)
		case deadline:
			w.queue.settled(in.event.ID)
		}
	}
	for _, k := range b.drops {
		if p := w.e.running.of(kafka.PartitionOf(k.key, w.e.Partitions)); p != nil {
			p.calls.drop(k)
		}
	}
	for _, a := range b.asks {
		if b.mine(a.event) {
			w.calls.ask(a.event, 1+a.tries)
		}
	}
	w.e.metrics.processed(b.done, w.e.clock.now())
	for _, f := range b.finished {
		f()
	}
}
