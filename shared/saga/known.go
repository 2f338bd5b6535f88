package saga

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Known declares a lookup: of an event of another service the latest is kept for each key that it is about, so that
// decisions about other keys may use it, as a customer's preferences in a decision about an order. One key's events come in
// the order they were said, so the latest is well defined; what they say replaces what was known, also where it says that
// nothing is to be known any more. Of a topic that the service reads already, what was said before the row
// was declared is not kept. Use it with OnKnown.
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

// OnKnown declares a reaction that is decided on what others said of another key as well, which Known keeps: keyOf must
// give the key that known's events are about; "" where there is none. decide is passed nil where nothing is known.
//
// The lookup's topic and the event's have no order among each other: what was said before the event may not have arrived,
// and what is found may have been said after it. So decide must have an answer to nil. What it used belongs into the events
// it answers with: state is their fold, and a replay looks nothing up.
func OnKnown[S, E, K any](heard Type[E], known Type[K], keyOf func(S, E) string, decide func(S, E, *K) []Event,
	emits ...Kind) Row {
	return Row{Form: Reaction, On: heard, Emits: emits, Knows: known,
		keyOf: func(state, data any) string { return keyOf(state.(S), data.(E)) },
		decideKnowing: func(state, data, found any) []Event {
			if latest, ok := found.(K); ok {
				return decide(state.(S), data.(E), &latest)
			}
			return decide(state.(S), data.(E), nil)
		}}
}

// Look finds the latest payload of an event type about a key, the K of its Type[K]; nil where nothing is known.
type Look func(known Kind, key string) any

// Knowing is the machine with a way to look up what others said. Without one it knows nothing.
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

// LooksUp tells which keys the machine would look up on hearing the event in this state, as far as that can be told before
// it decides. A decision that fails tells why.
func (m *Machine) LooksUp(state any, e Event, found func(known Kind, key string)) {
	defer func() { _ = recover() }()
	for _, r := range m.heard[e.Type] {
		if r.Knows != nil {
			found(r.Knows, r.keyOf(state, e.Data))
		}
	}
}

func (m *Machine) decide(r *Row, state, data any) []Event {
	if r.Knows == nil {
		return r.decide(state, data)
	}
	var found any
	if key := r.keyOf(state, data); key != "" && m.look != nil {
		found = m.look(r.Knows, key)
	}
	return r.decideKnowing(state, data, found)
}

// Said is what is known of one key: the latest payload of each event type that is looked up.
type Said struct {
	Key    string
	Latest map[string]json.RawMessage
}

// Of is the latest payload of the type; nil where nothing is known.
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

// Lookups is the machine that keeps what the machines of one service look up, a Said for each key; nil where that is
// nothing. Its rows are projections: what it keeps is rebuilt from what others said.
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

// indexLookups refuses what could never be found.
func (m *Machine) indexLookups() {
	keeps := func(k Kind) bool {
		return slices.ContainsFunc(m.Rows, func(r Row) bool { return r.Form == Lookup && r.On.Name() == k.Name() })
	}
	for _, r := range m.Rows {
		if r.Knows != nil && !slices.ContainsFunc(m.knows, func(k Kind) bool { return k.Name() == r.Knows.Name() }) {
			m.knows = append(m.knows, r.Knows)
		}
		switch {
		case r.Form == Lookup && (IsCommand(r.On) || Producer(r.On.Name()) == m.Service):
			m.wrong("keeps the latest %s: that must be an event of another service", r.On.Name())
		case r.Knows != nil && !keeps(r.Knows):
			m.wrong("looks up %s on %s and keeps it nowhere: add a Known row", r.Knows.Name(), r.On.Name())
		}
	}
}
