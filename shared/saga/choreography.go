package saga

import (
	"fmt"
	"slices"
)

// Choreography is everything a service does for one kind of thing (mostly: one order), as data.
type Choreography[S any] struct {
	Service string             // "payment"
	Key     Key                // what S is about
	Also    []Key              // what else, where one store keeps the states of several keys
	Blank   func(key string) S // the state of a key nothing is known of
	Evolve  func(S, Event) S   // folds the service's own events; must not change what S points to; nil for pure projections
	Failed  []Kind             // own events by which a saga fails: its trace is recorded from then on, whether chosen or not
	Final   []Kind             // events said for nobody else: what the service notes for itself, and how stories end
	Rows    []Row
	Series  []Series // own events that are numbered without gap or repeat
}

// Machine is the choreography without its state's type, checked, ready to run.
// It panics on a declaration that cannot be run: that is a mistake in the program, found by the first test.
func (c Choreography[S]) Machine() *Machine {
	m := &Machine{
		Service: c.Service, Key: c.Key, Also: c.Also, Failed: c.Failed, Final: c.Final, Rows: c.Rows, Series: c.Series,
		blank:  func(key string) any { return c.Blank(key) },
		evolve: func(s any, e Event) any { return s },
		heard:  map[string][]*Row{}, asked: map[string]*Row{}, since: map[string]*Row{}, drops: map[string][]*Row{},
		settles: map[string][]*Row{}, kinds: map[string]Kind{}, says: map[string]bool{},
	}
	if c.Evolve != nil {
		m.evolve = func(s any, e Event) any { return c.Evolve(s.(S), e) }
	}
	for i := range m.Rows {
		m.index(&m.Rows[i])
	}
	m.indexOlder()
	m.indexLookups()
	m.indexSpread()
	m.checkSeries()
	return m
}

func (m *Machine) index(r *Row) {
	if r.Form == Lookup {
		return // Lookups is the machine that takes it in
	}
	name := r.On.Name()
	own := Producer(name) == m.Service
	m.kinds[name] = r.On
	for _, k := range r.Emits {
		m.kinds[k.Name()], m.says[k.Name()] = k, true
		if Producer(k.Name()) != m.Service {
			m.wrong("emits %s, which another service owns", k.Name())
		}
	}
	if r.Behind != nil && (len(r.Behind) == 0 || slices.ContainsFunc(r.Behind, IsCommand)) {
		m.wrong("leads on on %s past something that is no event", name)
	}
	switch r.Form {
	case Reaction, Projection:
		m.heard[name] = append(m.heard[name], r)
	case Calling:
		if !own || m.asked[name] != nil {
			m.wrong("asks %s on %s: that must be an own event and ask one question", r.Ask, name)
		}
		m.asked[name] = r
		for _, k := range r.Unless {
			if k.Name() == name || Producer(k.Name()) != m.Service {
				m.wrong("drops %s on %s: that must be another own event than the one that asks", r.Ask, k.Name())
			}
			m.drops[k.Name()] = append(m.drops[k.Name()], r)
		}
	case Deadline:
		if !own || m.since[name] != nil {
			m.wrong("sets a deadline on %s: that must be an own event with one deadline", name)
		}
		m.since[name] = r
		for _, k := range r.Unless {
			m.settles[k.Name()] = append(m.settles[k.Name()], r)
		}
	}
}

func (m *Machine) wrong(format string, args ...any) {
	panic("saga: " + m.Service + " " + fmt.Sprintf(format, args...))
}

// Hears lists the names of the events that this machine consumes, in the order declared, once each: those of other services, of
// other machines of its own service, and those that it only stores for lookups.
func (m *Machine) Hears() []string {
	var names []string
	for _, r := range m.Rows {
		name := r.On.Name()
		if !IsCommand(r.On) && (m.Takes(name) || r.Form == Lookup) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Says lists the names of the events this machine may emit, in the order declared, once each.
func (m *Machine) Says() []string {
	var names []string
	for _, r := range m.Rows {
		for _, k := range r.Emits {
			if !slices.Contains(names, k.Name()) {
				names = append(names, k.Name())
			}
		}
	}
	return names
}

// Kind finds an event type, or a command, that this machine reacts to, shows or emits; nil for others, also for those that it
// only stores for lookups. Of an earlier version it is the kind
// that reads it as the one known, and has that name.
func (m *Machine) Kind(name string) Kind { return m.kinds[name] }

// String is how people refer to a machine: "payment", or "storefront (product)" where a service has several.
func (m *Machine) String() string {
	if m.Key == Order || m.Key == "" {
		return m.Service
	}
	return m.Service + " (" + string(m.Key) + ")"
}
