package sagatest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"orderflow.example/shared/saga"
)

// Order is the key that decisions are tested with.
const Order = "018f0000-0000-7000-8000-000000000001"

// Decision is one machine with a history of own events.
type Decision struct {
	t       testing.TB
	machine *saga.Machine
	state   any
	step    saga.Step
	n       int
	series  map[string]int64
}

// Given returns a machine that has emitted these events so far.
func Given(t testing.TB, m *saga.Machine, own ...saga.Event) *Decision {
	t.Helper()
	d := &Decision{t: t, machine: m, state: m.Blank(Order), series: map[string]int64{}}
	for _, e := range own {
		if saga.Producer(e.Type) != m.Service {
			t.Fatalf("given %s: the past of %s are its own events", e.Type, m)
		}
		if e.Key == "" {
			e.Key = Order
		}
		d.stamp(&e)
		again := e
		m.Number(&again, d.next)
		d.state = m.Evolve(d.state, e)
	}
	return d
}

// Knowing sets the results of the machine's lookups: the latest of these events for each type and key.
func (d *Decision) Knowing(said ...saga.Event) *Decision {
	d.machine = d.machine.Knowing(func(known saga.Kind, key string) (found any) {
		for _, e := range said {
			if e.Type == known.Name() && e.Key == key {
				found = e.Data
			}
		}
		return found
	})
	return d
}

// When lets the machine consume an event or a command.
func (d *Decision) When(e saga.Event) *Decision {
	d.t.Helper()
	if e.Key == "" {
		e.Key = Order
	}
	e.Saga = e.Key
	d.stamp(&e)
	defer kept(d.t, d.machine, d.state)()
	return d.take(d.machine.Hear(d.state, e, d.emitted))
}

// Answered lets the machine consume the answer to the question that the own event asked.
func (d *Decision) Answered(asked saga.Kind, answer any) *Decision {
	d.t.Helper()
	defer kept(d.t, d.machine, d.state)()
	return d.take(d.machine.Answer(d.state, saga.Event{ID: "asked", Type: asked.Name(), Key: Order, Saga: Order}, answer, d.emitted))
}

// Expired lets the deadline of the own event fall due.
func (d *Decision) Expired(since saga.Event) *Decision {
	d.t.Helper()
	since.Key, since.Saga = Order, Order
	defer kept(d.t, d.machine, d.state)()
	return d.take(d.machine.Expire(d.state, since, d.emitted))
}

// Then checks the events emitted for the last input, in this order, with their payloads.
func (d *Decision) Then(want ...saga.Event) *Decision {
	d.t.Helper()
	got := d.step.Emitted
	if len(got) != len(want) {
		d.t.Fatalf("emitted %s\nwant %s", describe(got), describe(want))
	}
	for i := range want {
		if got[i].Type != want[i].Type || !reflect.DeepEqual(got[i].Data, want[i].Data) ||
			(want[i].Key != "" && got[i].Key != want[i].Key) {
			d.t.Fatalf("emitted %s\nwant %s", describe(got), describe(want))
		}
	}
	return d
}

// ThenKinds checks only the types of the events emitted for the last input.
func (d *Decision) ThenKinds(want ...saga.Kind) *Decision {
	d.t.Helper()
	var names, got []string
	for _, k := range want {
		names = append(names, k.Name())
	}
	for _, e := range d.step.Emitted {
		got = append(got, e.Type)
	}
	if !reflect.DeepEqual(names, got) {
		d.t.Fatalf("emitted %s\nwant %v", describe(d.step.Emitted), names)
	}
	return d
}

// Emitted are the events emitted for the last input.
func (d *Decision) Emitted() []saga.Event { return d.step.Emitted }

// State is the current state.
func (d *Decision) State() any { return d.state }

func (d *Decision) take(step saga.Step, err error) *Decision {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
	keepsContract(d.t, d.machine, step.Emitted)
	d.step, d.state = step, step.State
	return d
}

// keepsContract fails the test when an event violates the contract of its version.
func keepsContract(t testing.TB, m *saga.Machine, emitted []saga.Event) {
	t.Helper()
	for _, e := range emitted {
		data, err := json.Marshal(e.Data)
		if err == nil {
			err = m.Kind(e.Type).Check(data)
		}
		if err != nil {
			t.Fatalf("emitted %v: %s", err, data)
		}
	}
}

// emitted stamps an event that the machine emits.
func (d *Decision) emitted(e *saga.Event) {
	d.stamp(e)
	d.machine.Number(e, d.next)
}

func (d *Decision) next(series string) int64 {
	d.series[series]++
	return d.series[series]
}

func (d *Decision) stamp(e *saga.Event) {
	if e.ID == "" {
		d.n++
		e.ID = fmt.Sprintf("event-%d", d.n)
	}
	e.Time = time.Unix(0, 0).UTC()
}

func describe(events []saga.Event) string {
	s := fmt.Sprintf("%d events", len(events))
	for _, e := range events {
		s += fmt.Sprintf("\n  %s %+v", e.Type, e.Data)
	}
	return s
}
