package redecide

import (
	"reflect"
	"slices"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga"
)

// keeper is one machine that decides, with its states as they were recorded.
type keeper struct {
	machine *saga.Machine
	number  int
	store   engine.Store
	reacts  map[string]bool     // to these events, from elsewhere or its own
	settles map[string][]string // by own event: those whose deadlines it makes pointless
	orders  map[string]bool     // what commands lead to

	byKey  bool           // a state is that of one key, so that it can be let go of
	states map[string]any // by key; only byKey
	shared engine.States  // else

	waiting map[string][]*input // by key: inputs that led to something and have not yet, or to nothing and this build differs
	known   map[string]*input   // by id: of these, those that led to something
	armed   map[string]saga.Event
	latest  map[about]string // the id of what is armed

	journal []saga.Event // what was folded of late into states that keys share
	dropped int          // from its beginning
}

// about names what can be set once for a key: the deadline that runs from the own event of this type.
type about struct{ key, kind string }

// journaled is how many events are kept in which orders that share rows may have changed them.
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

// probe finds out whether one state is that of one key, or one event changes what several keys share.
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

// hears tells whether the machine decides on an event from elsewhere.
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

// input is something that the machine hears, or heard.
type input struct {
	*said
	led     bool // to something
	arrived bool // it is among those that wait
	done    bool // the step that it led to was looked at
	read    bool // its payload was
	err     error
	first   *verdict // what this build answers at the first moment at which it may have been heard
	since   int      // how long the journal was when it was said
	before  any      // the state then; only where keys share rows
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
		return nil, nil // this build hears it no more: no row will ask for it
	case e.Data != nil:
		return e.Data, nil
	}
	return kind.Decode(e.raw)
}
