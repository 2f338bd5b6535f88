package redecide

import (
	"reflect"
	"slices"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga"
)

// keeper is one machine that decides, with the states folded from the recorded events.
type keeper struct {
	machine *saga.Machine
	number  int
	store   engine.Store
	reacts  map[string]bool     // the events it reacts to, of other services or its own
	settles map[string][]string // by own event: the events whose deadlines it cancels
	orders  map[string]bool     // the events that commands lead to

	byKey  bool           // each state belongs to one key
	states map[string]any // by key; only byKey
	shared engine.States  // else

	waiting map[string][]*input // by key: inputs whose step is still to come, or without effect so far where this build differs
	known   map[string]*input   // by id: of these, those with an effect
	armed   map[string]saga.Event
	latest  map[about]string // the id of the armed event

	journal []saga.Event // the events last folded into shared states
	dropped int          // events dropped from its beginning
}

// about is a key and an event type, as of a deadline that runs from the own event of this type.
type about struct{ key, kind string }

// journaled is the number of events kept of those that changed shared rows.
const journaled = 50_000

// keepersOf are the machines that decide anything but commands.
func keepersOf(bindings []engine.Binding) (all []*keeper) {
	for _, b := range bindings {
		k := &keeper{machine: b.Machine, number: len(all), store: b.Store, reacts: map[string]bool{}, settles: map[string][]string{},
			orders: map[string]bool{}, states: map[string]any{}, waiting: map[string][]*input{}, known: map[string]*input{},
			armed: map[string]saga.Event{}, latest: map[about]string{}}
		decides := false
		for _, r := range b.Machine.Rows {
			if len(r.Emits) > 0 {
				decides = true
			}
			switch r.Form {
			case saga.Reaction:
				k.reacts[r.On.Name()] = true
				if saga.IsCommand(r.On) {
					for _, e := range r.Emits {
						k.orders[e.Name()] = true
					}
				}
			case saga.Deadline:
				for _, e := range r.Unless {
					k.settles[e.Name()] = append(k.settles[e.Name()], r.On.Name())
				}
			}
		}
		if decides {
			k.probe()
			all = append(all, k)
		}
	}
	return all
}

// probe finds out whether each state belongs to one key, or keys share states.
func (k *keeper) probe() {
	k.shared = k.store.Memory()
	blank := k.machine.Blank("key")
	probe := k.store.Memory()
	probe.Put(saga.Event{Key: "key"}, blank)
	_ = probe.Each(func(key string, state any) error {
		k.byKey = key == "key" && reflect.TypeOf(state) == reflect.TypeOf(blank)
		return nil
	})
}

// hears tells whether the machine decides on an event of another machine.
func (k *keeper) hears(name string) bool { return k.reacts[name] && k.machine.Takes(name) }

// get is the state that an event is decided on.
func (k *keeper) get(e saga.Event) any {
	if !k.byKey {
		return k.shared.Get(e)
	}
	if state, known := k.states[e.Key]; known {
		return state
	}
	return k.machine.Blank(e.Key)
}

// fold takes in an own event as it was recorded.
func (k *keeper) fold(e saga.Event) {
	state := k.machine.Evolve(k.get(e), e)
	if k.byKey {
		k.states[e.Key] = state
	} else {
		k.shared.Put(e, state)
		if k.journal = append(k.journal, e); len(k.journal) > 2*journaled {
			k.journal, k.dropped = slices.Clone(k.journal[journaled:]), k.dropped+journaled
		}
	}
	for _, since := range k.settles[e.Type] {
		k.disarm(about{e.Key, since})
	}
	if k.machine.DeadlineOf(e.Type) != nil {
		k.disarm(about{e.Key, e.Type})
		k.armed[e.ID], k.latest[about{e.Key, e.Type}] = e, e.ID
	}
}

func (k *keeper) disarm(of about) {
	delete(k.armed, k.latest[of])
	delete(k.latest, of)
}

// input is an event that the machine consumes.
type input struct {
	*said
	led     bool // it had an effect
	arrived bool // it is in waiting
	done    bool // its step was decided again
	read    bool // its payload was decoded
	err     error
	first   *verdict // this build's verdict at the first moment at which it may have been consumed
	since   int      // the length of the journal when it was emitted
	before  any      // the state then; only if keys share rows
}

// event is the input with its payload.
func (in *input) event(k *keeper) (saga.Event, error) {
	if !in.read {
		in.read = true
		in.Data, in.err = decode(k.machine.Kind(in.wrote), in.said)
	}
	return in.Event, in.err
}

func decode(kind saga.Kind, e *said) (any, error) {
	switch {
	case e.malformed != nil:
		return nil, e.malformed
	case kind == nil:
		return nil, nil // this build does not consume it any more: no row needs it
	case e.Data != nil:
		return e.Data, nil
	}
	return kind.Decode(e.raw)
}
