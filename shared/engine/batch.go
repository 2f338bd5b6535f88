package engine

import (
	"maps"
	"strconv"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

func init() { uuid.EnableRandPool() }

// batch is what one transaction does: decided in memory, one input after another, written at the end.
type batch struct {
	w      *worker
	inputs []input
	marks  map[string]mark

	sets     []States // by binding
	out      []outgoing
	asks     []row
	deadline map[deadlineKey]*row // armed; nil: off
	park     []parkedRow
	parking  map[string]bool // keys of park
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
	after time.Duration
	data  []byte
}

type deadlineKey struct{ key, since string }

func newBatch(w *worker, inputs []input) *batch {
	b := &batch{w: w, inputs: inputs, marks: maps.Clone(w.read)}
	for i := range inputs {
		if rec := inputs[i].record; inputs[i].form == heard && rec != nil {
			b.marks[rec.Topic] = mark{rec.Sequence, rec.Offset + 1, rec.ID}
		}
	}
	return b
}

// concerns tells whether anything would be written.
func (b *batch) concerns() bool {
	for i := range b.inputs {
		switch in := &b.inputs[i]; in.form {
		case heard:
			if in.number != 0 || b.w.e.hears(in.record.Type) || in.record.Malformed != nil {
				return true
			}
		case flush:
			if len(b.marks) > 0 {
				return true
			}
		default:
			return true
		}
	}
	return false
}

func (b *batch) remember() {
	b.w.read = b.marks
	b.applied()
}

// applied shows how far the worker is. What concerns nobody counts: nothing is owed for it.
func (b *batch) applied() {
	for _, r := range b.w.readers {
		if m, ok := b.marks[r.topic]; ok {
			r.applied.Store(m.sequence)
		}
	}
}

func (e *Engine) hears(name string) bool {
	for _, x := range e.Bindings {
		if x.Machine.Kind(name) != nil {
			return true
		}
	}
	return false
}

func (b *batch) transact(tx *gorm.DB) error {
	enter := b.enter
	if b.w.epoch > 0 {
		enter = b.fence
	}
	if err := enter(tx); err != nil {
		return err
	}
	live, err := b.claim(tx)
	if err != nil {
		return err
	}
	b.read(live)
	events := make([]saga.Event, 0, len(live))
	for _, in := range live {
		if in.reason == "" {
			events = append(events, in.event)
		}
	}
	for _, binding := range b.w.e.Bindings {
		set, err := binding.Store.Load(tx, b.about(binding.Machine, events))
		if err != nil {
			return err
		}
		b.sets = append(b.sets, set)
	}
	if err := database.Arrived(tx); err != nil { // whatever the stores asked: nothing is decided before the fence has answered
		return err
	}
	b.deadline, b.parking = map[deadlineKey]*row{}, map[string]bool{}
	for _, in := range live {
		b.decide(in)
	}
	return b.write(tx)
}

// about picks the events that a machine has rows for.
func (b *batch) about(m *saga.Machine, events []saga.Event) []saga.Event {
	if len(b.w.e.Bindings) == 1 {
		return events
	}
	var mine []saga.Event
	for _, e := range events {
		if m.Kind(e.Type) != nil {
			mine = append(mine, e)
		}
	}
	return mine
}

// read turns records into events. One that cannot be read is to be parked.
func (b *batch) read(live []*input) {
	for _, in := range live {
		if in.form != heard || in.record == nil {
			continue
		}
		rec := in.record
		in.event = saga.Event{ID: rec.ID, Type: rec.Type, Key: rec.Key, Saga: or(rec.Correlation, rec.Key), Cause: rec.Causation, Via: rec.Via, Time: rec.Time}
		if rec.Malformed != nil {
			in.reason = or(in.reason, "the envelope cannot be read: "+rec.Malformed.Error())
			continue
		}
		data, err := b.w.e.kind(rec.Type).Decode(rec.Data)
		if err != nil {
			in.reason = or(in.reason, "the payload cannot be read: "+err.Error())
		}
		in.event.Data = data
	}
}

func (e *Engine) kind(name string) saga.Kind {
	for _, x := range e.Bindings {
		if k := x.Machine.Kind(name); k != nil {
			return k
		}
	}
	return nil
}

// decide runs every machine concerned on one input; either all of what follows is kept, or the input is parked.
func (b *batch) decide(in *input) {
	key := in.event.Key
	if in.reason != "" || (b.w.parked[key] || b.parking[key]) && in.number == 0 {
		b.setAside(in, in.reason)
		return
	}
	type taken struct {
		set  States
		step saga.Step
	}
	var steps []taken
	var out []outgoing
	for i, binding := range b.w.e.Bindings {
		if binding.Machine.Kind(in.event.Type) == nil {
			continue
		}
		step, err := run(binding.Machine, b.sets[i].Get(in.event), in)
		for j := 0; j < len(step.Emitted) && err == nil; j++ {
			var o outgoing
			if o, err = b.encode(step.Emitted[j]); err == nil {
				out = append(out, o)
			}
		}
		if err != nil {
			b.setAside(in, err.Error())
			return
		}
		steps = append(steps, taken{b.sets[i], step})
	}
	outcome := Outcome{}
	for _, t := range steps {
		t.set.Put(in.event, t.step.State)
		outcome = Outcome{State: t.step.State, Emitted: t.step.Emitted}
		b.consequences(t.step, out)
	}
	b.out = append(b.out, out...)
	if in.number != 0 {
		b.released = append(b.released, in.number)
	}
	if in.reply != nil {
		b.finished = append(b.finished, func() { in.reply <- result{outcome: outcome} })
	}
	b.done = append(b.done, in)
}

func run(m *saga.Machine, state any, in *input) (saga.Step, error) {
	switch in.form {
	case answered:
		return m.Answer(state, in.event, in.answer, in.stamp)
	case expired:
		return m.Expire(state, in.event, stamp)
	}
	return m.Hear(state, in.event, stamp)
}

// stamp is the one of an answer, which may not have come at the first try.
func (in *input) stamp(e *saga.Event) {
	if stamp(e); e.Via == saga.ViaAnswer && in.try > 1 {
		e.Via += "/" + strconv.Itoa(in.try)
	}
}

func stamp(e *saga.Event) {
	e.ID = uuid.Must(uuid.NewV7()).String()
	e.Time = time.Now().UTC().Truncate(time.Microsecond)
}

// committed tells everybody what happened.
func (b *batch) committed() {
	w := b.w
	maps.Copy(w.committed, b.marks)
	w.read = map[string]mark{}
	b.applied()
	for _, p := range b.park {
		w.parked[p.Key] = true
	}
	b.publish()
	w.mu.Lock()
	for i := range b.inputs {
		if b.inputs[i].form == answered {
			delete(w.asking, b.inputs[i].event.ID)
		}
	}
	w.mu.Unlock()
	for _, a := range b.asks {
		if b.mine(a.event) {
			w.e.calls.ask(w, a.event, 1)
		}
	}
	w.e.metrics.processed(b.done)
	for _, f := range b.finished {
		f()
	}
}
