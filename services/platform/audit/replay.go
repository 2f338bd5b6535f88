package audit

import (
	"context"
	"fmt"
	"hash/maphash"
	"reflect"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

type binding = engine.Binding

// fold rebuilds the states of one machine from its own events and from the events that it shows. In each look its own come first;
// the order of the others does not matter, as no field is written by two of them.
//
// A state that agreed with its row and was unchanged for some looks is dropped. When a new event touches it, it is rebuilt
// from the outboxes, whose events were compared with the topics, or for pruned events from the topics.
type fold struct {
	trace   *trace
	binding binding
	number  int // among the service's bindings
	machine *saga.Machine
	says    map[string]bool
	shows   map[string]saga.Kind
	inputs  map[string]bool // the topics it shows something of

	states  engine.States
	byKey   bool                // a state is that of one key, as its row is; else one event changes several rows
	kept    bool                // no state is dropped
	held    map[string]uint32   // by key: the look in which it was last touched; only byKey
	touched map[string]struct{} // keys with events since the last comparison; only byKey
	moved   bool                // any event since the last comparison

	rows   map[uint64]struct{} // hashes of the keys there is a row of
	broken map[string]odd      // rows that are different, by key
	wanted map[string]struct{} // rows to be read, though they were not written
}

// odd is a row that differs from the fold.
type odd struct {
	Offence
	row any // nil where there is none
}

func newFold(t *trace, number int, b binding) *fold {
	f := &fold{trace: t, binding: b, number: number, machine: b.Machine, states: b.Store.Memory(),
		says: map[string]bool{}, shows: map[string]saga.Kind{}, inputs: map[string]bool{}, held: map[string]uint32{},
		touched: map[string]struct{}{}, rows: map[uint64]struct{}{}, broken: map[string]odd{}, wanted: map[string]struct{}{}}
	for _, name := range b.Machine.Says() {
		f.says[name] = true
	}
	for _, r := range b.Machine.Rows {
		if r.Form == saga.Projection {
			f.shows[r.On.Name()] = r.On
			f.inputs[saga.Topic(r.On.Name())] = true
		}
	}
	probe := b.Store.Memory()
	probe.Put(saga.Event{Key: "key"}, b.Machine.Blank("key"))
	probe.Each(func(key string, state any) error {
		f.byKey = key == "key" && reflect.TypeOf(state) == reflect.TypeOf(b.Machine.Blank("key"))
		return nil
	})
	f.byKey = f.byKey && !b.Machine.Spreads()
	return f
}

func (f *fold) own(ctx context.Context, e saga.Event) {
	if f.says[e.Type] {
		f.touch(ctx, e.Key)
		f.evolve(e)
	}
}

func (f *fold) show(ctx context.Context, e saga.Event) {
	e, err := f.machine.Current(e) // who said it may be of an earlier version than who hears it
	if err != nil || f.shows[e.Type] == nil {
		return
	}
	about, err := f.machine.About(e)
	if err != nil {
		return // it was parked
	}
	for _, e := range about {
		f.touch(ctx, e.Key)
		f.showEvent(e)
	}
}

func (f *fold) evolve(e saga.Event)    { f.states.Put(e, f.machine.Evolve(f.states.Get(e), e)) }
func (f *fold) showEvent(e saga.Event) { f.states.Put(e, f.machine.Show(f.states.Get(e), e)) }

// touch loads the state of the key, because of a new event.
func (f *fold) touch(ctx context.Context, key string) {
	f.moved = true
	if !f.byKey {
		return
	}
	f.rebuild(ctx, key)
	f.held[key] = f.trace.picture.look
	f.touched[key] = struct{}{}
}

func (f *fold) hash(key string) uint64 { return maphash.String(f.trace.chain.seed, key) }

// has tells whether there is a row of the key, as far as is known.
func (f *fold) has(key string) bool {
	_, has := f.rows[f.hash(key)]
	return has
}

func eventOf(rec *kafka.Record, kind saga.Kind) (saga.Event, error) {
	e := saga.Event{ID: rec.ID, Type: rec.Type, Key: rec.Key, Saga: sagaOf(rec), Cause: rec.Causation, Via: rec.Via, Time: rec.Time}
	switch {
	case rec.Malformed != nil:
		return e, rec.Malformed
	case kind == nil:
		return e, fmt.Errorf("%s is not known to this build", rec.Type)
	}
	var err error
	if e.Data, err = kind.Decode(rec.Data); err == nil {
		e.Type = kind.Name()
	}
	return e, err
}
