package engine

import (
	"slices"
	"strconv"

	"github.com/google/uuid"

	"orderflow.example/shared/saga"
)

func init() { uuid.EnableRandPool() }

// read turns records into events. One that cannot be read gets the reason for which it is parked.
func (b *batch) read(live []*input) {
	for _, in := range live {
		if in.form != event || in.record == nil {
			continue
		}
		rec := in.record
		in.event = EventOf(rec)
		if rec.Malformed != nil {
			in.reason = or(in.reason, "the envelope cannot be read: "+rec.Malformed.Error())
			continue
		}
		if len(rec.Key) > longestKey {
			in.reason = or(in.reason, tooLong(rec.Key).Error())
			continue
		}
		kind := b.e.kind(rec.Type)
		data, err := kind.Decode(rec.Data)
		if err != nil {
			in.reason = or(in.reason, "the payload cannot be read: "+err.Error())
		}
		in.event.Type, in.event.Data = kind.Name(), data
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

// decide runs every machine that takes the input; either all results are kept, or the input is parked.
func (b *batch) decide(s *share, in *input) {
	switch key := storable(in.event.Key); {
	case (in.form == answer || in.form == refusal) && in.number == 0 && slices.Contains(b.drops, about{in.event.Key, in.event.Type}):
		return // dropped in this batch
	case in.form == refusal, in.reason != "", (s.keys[key] || s.parking[key]) && in.number == 0:
		b.parkInput(s, in, in.reason)
		return
	case in.form == asking:
		b.asks = append(b.asks, row{event: in.event, data: in.raw, tries: max(in.try, 1)})
		b.released = append(b.released, in.number)
		return
	}
	var steps []taken
	var out []outgoing
	numbers := b.series.mark()
	for i, binding := range b.e.Bindings {
		if !in.isFor(binding.Machine) {
			continue
		}
		each, err := b.states(binding.Machine, in.event)
		for k := 0; k < len(each) && err == nil; k++ {
			var step saga.Step
			step, out, err = b.step(binding.Machine.Knowing(b.lookups.look), b.sets[i], each[k], in, out)
			steps = append(steps, taken{b.sets[i], each[k], step})
		}
		if err != nil {
			b.series.back(numbers)
			b.parkInput(s, in, err.Error())
			return
		}
	}
	outcome := Outcome{}
	for _, t := range steps {
		if t.step.Changed { // what is heard without effect leaves no row, as it leaves no event from which one could be rebuilt
			t.set.Put(t.event, t.step.State)
		}
		b.lookups.keep(t.step.State)
		outcome = Outcome{State: t.step.State, Emitted: t.step.Emitted}
		b.consequences(in.event.Key, t.step, out)
	}
	b.out = append(b.out, out...)
	b.traceStep(in, steps, out)
	if in.number != 0 {
		b.released = append(b.released, in.number)
	}
	if in.reply != nil {
		b.finished = append(b.finished, func() { in.reply <- result{outcome: outcome} })
	}
	b.done = append(b.done, in)
}

// taken is one step that one machine took in one of its states.
type taken struct {
	set   States
	event saga.Event
	step  saga.Step
}

// step runs a machine on the input, and adds the records of the events that it emits.
func (b *batch) step(m *saga.Machine, set States, e saga.Event, in *input, out []outgoing) (saga.Step, []outgoing, error) {
	step, err := run(m, set.Get(e), e, in, b.stamp(m, in))
	if err == nil {
		err = fallDue(m, step.Armed)
	}
	for j := 0; j < len(step.Emitted) && err == nil; j++ {
		var o outgoing
		if o, err = b.encode(step.Emitted[j]); err == nil {
			out = append(out, o)
		}
	}
	return step, out, err
}

func run(m *saga.Machine, state any, e saga.Event, in *input, stamp saga.Stamp) (saga.Step, error) {
	switch in.form {
	case answer:
		return m.Answer(state, e, in.answer, stamp)
	case deadline:
		return m.Expire(state, e, stamp)
	}
	if in.answered {
		return shown(m, state, e), nil
	}
	return m.Hear(state, e, stamp)
}

// stamp gives the emitted events their id, the database's time, and their number in a series. The event that follows an answer
// says at which try it came.
func (b *batch) stamp(m *saga.Machine, in *input) saga.Stamp {
	return func(e *saga.Event) {
		e.ID, e.Time = uuid.Must(uuid.NewV7()).String(), b.e.clock.stamp()
		if e.Via == saga.ViaAnswer && in.try > 1 {
			e.Via += "/" + strconv.Itoa(in.try)
		}
		b.number(m, e)
	}
}
