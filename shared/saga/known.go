package saga

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Known declares a lookup: the latest event of a type of another service, or of another machine of this one, is stored for each
// key, so that decisions about other keys can use it, as a customer's preferences in a decision about an order. Events of one
// key are consumed in order, so the latest is well defined. If the service consumed the topic before the row was declared,
// earlier events are not stored. Use it with OnKnown.
func Known[K any](said Type[K]) Row {
	return Row{Form: Lookup, On: said, show: func(state, data any, _ time.Time) any {
		text, err := json.Marshal(data)
		if err != nil {
			panic(err) // it was read from JSON
		}
		s := state.(Said)
		latest := maps.Clone(s.Latest)
		if latest == nil {
			latest = map[string]json.RawMessage{}
		}
		latest[said.name] = text
		return Said{s.Key, latest}
	}}
}

// OnKnown declares a reaction whose decision also uses the latest event about another key, which Known stores: keyOf returns that
// key, or "" for none. decide is passed nil if there is no such event.
//
// The two topics have no common order: an earlier event of the lookup may not have arrived, and the one found may be later than
// the event decided on. So decide must handle nil. The values that it used belong into the events that it returns: state is the
// fold of these, and a replay looks nothing up.
func OnKnown[S, E, K any](heard Type[E], known Type[K], keyOf func(S, E) string, decide func(S, E, *K) []Event,
	emits ...Kind) Row {
	return OnLook(heard, []Kind{known}, func(s S, e E) []string { return []string{keyOf(s, e)} },
		func(s S, e E, look Look) []Event {
			if key := keyOf(s, e); key != "" {
				if latest, ok := look(known, key).(K); ok {
					return decide(s, e, &latest)
				}
			}
			return decide(s, e, nil)
		}, emits...)
}

// OnLook declares a reaction as OnKnown does, whose decision looks up events of several types about several keys. keysOf returns
// the keys that it may ask for, so that they are read at once with those of other decisions.
func OnLook[S, E any](heard Type[E], known []Kind, keysOf func(S, E) []string, decide func(S, E, Look) []Event,
	emits ...Kind) Row {
	return Row{Form: Reaction, On: heard, Emits: emits, Knows: known,
		lookups:       func(state, data any) []string { return keysOf(state.(S), data.(E)) },
		decideLooking: func(state, data any, look Look) []Event { return decide(state.(S), data.(E), look) }}
}

// Look finds the latest payload of an event type about a key, the K of its Type[K]; nil if there is none.
type Look func(known Kind, key string) any

// Knowing is the machine with a way to look events up. Without one it finds none.
func (m *Machine) Knowing(look Look) *Machine {
	if len(m.knows) == 0 {
		return m
	}
	knowing := *m
	knowing.look = look
	return &knowing
}

// Knows lists the events that the machine looks up, once each.
func (m *Machine) Knows() []Kind { return m.knows }

// LooksUp tells which keys the machine would look up for the event in this state, as far as that is known before the decision.
func (m *Machine) LooksUp(state any, e Event, found func(known Kind, key string)) {
	defer func() { _ = recover() }()
	for _, r := range m.heard[e.Type] {
		if r.Knows == nil {
			continue
		}
		for _, key := range r.lookups(state, e.Data) {
			for _, known := range r.Knows {
				found(known, key)
			}
		}
	}
}

func (m *Machine) decide(r *Row, state any, in Event) []Event {
	switch {
	case r.decideEvent != nil:
		return r.decideEvent(state, in.Data, in)
	case r.Knows == nil:
		return r.decide(state, in.Data)
	}
	look := m.look
	if look == nil {
		look = func(Kind, string) any { return nil }
	}
	return r.decideLooking(state, in.Data, look)
}

// Said holds the latest payload of each looked-up event type, for one key.
type Said struct {
	Key    string
	Latest map[string]json.RawMessage
}

// Of is the latest payload of the type; nil if there is none.
func (s Said) Of(known Kind) (any, error) {
	kind, text := known, s.Latest[known.Name()]
	for _, o := range known.Older() { // kept by an earlier build
		if text == nil {
			kind, text = As(known, o.Name()), s.Latest[o.Name()]
		}
	}
	if text == nil {
		return nil, nil
	}
	data, err := kind.Decode(text)
	if err != nil {
		return nil, fmt.Errorf("what is known of %s: %w", s.Key, err)
	}
	return data, nil
}

// Lookups is the machine that stores the events which the machines of one service look up, a Said for each key; nil if they look
// up none. Its rows are projections, rebuilt from the topics of other services.
func Lookups(machines ...*Machine) *Machine {
	c := Choreography[Said]{Key: "lookup", Blank: func(key string) Said { return Said{Key: key} }}
	for _, m := range machines {
		c.Service = m.Service
		for _, r := range m.Rows {
			if r.Form == Lookup && !slices.ContainsFunc(c.Rows, func(k Row) bool { return k.On.Name() == r.On.Name() }) {
				r.Form = Projection
				c.Rows = append(c.Rows, r)
			}
		}
	}
	if len(c.Rows) == 0 {
		return nil
	}
	return c.Machine()
}

// indexLookups refuses lookups that could never find an event.
func (m *Machine) indexLookups() {
	keeps := func(k Kind) bool {
		return slices.ContainsFunc(m.Rows, func(r Row) bool { return r.Form == Lookup && r.On.Name() == k.Name() })
	}
	for _, r := range m.Rows {
		for _, known := range r.Knows {
			if !slices.ContainsFunc(m.knows, func(k Kind) bool { return k.Name() == known.Name() }) {
				m.knows = append(m.knows, known)
			}
			if !keeps(known) {
				m.wrong("looks up %s on %s and keeps it nowhere: add a Known row", known.Name(), r.On.Name())
			}
		}
		if r.Form == Lookup && (IsCommand(r.On) || m.says[r.On.Name()]) {
			m.wrong("keeps the latest %s: that must be an event of another service or machine", r.On.Name())
		}
	}
}
