package saga

import (
	"slices"
	"time"
)

// Series declares that an event type's events are numbered, each in its series, without gap or repeat.
type Series struct {
	Of   Kind
	name func(data any, at time.Time) string
	set  func(data any, n int64, at time.Time) any
}

// Numbered declares that each event of the type gets the next number of its series, from 1 on, as invoices do. series
// names the series, within the service, by the event and when it was decided; types that give one name share its numbers.
// set puts the number into the payload, where a replay finds it, with whatever else follows from when the event was decided,
// which no decision knows. Both are there when the state evolves, and not yet when the event is decided.
//
// Numbers are taken in the transaction that emits the event: they follow the order of commits, and a rollback takes none. So all
// processes of the service wait for each other here: number only events that must be.
func Numbered[E any](t Type[E], series func(E, time.Time) string, set func(E, int64, time.Time) E) Series {
	return Series{Of: t,
		name: func(data any, at time.Time) string { return series(data.(E), at) },
		set:  func(data any, n int64, at time.Time) any { return set(data.(E), n, at) }}
}

// Number gives an event that is numbered its number, which next takes from the series; others it leaves as they are. A
// Stamp calls it, once the event has its time. It panics where the event names no series: the step fails.
func (m *Machine) Number(e *Event, next func(series string) int64) {
	for _, s := range m.Series {
		if s.Of.Name() == e.Type {
			series := s.name(e.Data, e.Time)
			if series == "" {
				panic(e.Type + " is in no series")
			}
			e.Data = s.set(e.Data, next(series), e.Time)
		}
	}
}

// Set is the payload with the number, as decided then.
func (s Series) Set(data any, n int64, at time.Time) any { return s.set(data, n, at) }

// Name is the series that an event decided then is numbered in.
func (s Series) Name(data any, at time.Time) string { return s.name(data, at) }

// checkSeries refuses series that no event uses, and those that would lose numbers.
func (m *Machine) checkSeries() {
	seen := map[string]bool{}
	for _, s := range m.Series {
		name := s.Of.Name()
		switch {
		case seen[name]:
			m.wrong("numbers %s twice", name)
		case !slices.Contains(m.Says(), name):
			m.wrong("numbers %s, which no row emits", name)
		case s.Of.Latest():
			m.wrong("numbers %s, a snapshot: of several in a batch only the last is said", name)
		}
		seen[name] = true
	}
}
