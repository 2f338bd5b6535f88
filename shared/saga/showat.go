package saga

import (
	"fmt"
	"runtime/debug"
	"slices"
	"time"
)

// ShowAt declares a projection into several states: the event of another service becomes visible in the state of each key
// that keysOf gives, as an order's lines in the products they name. show is passed one of these states at a time, which
// knows its key.
//
// Those states are written from every partition. So their machine decides nothing; and events of different keys come in no
// order, so that show must give the same result either way: add to a sum, keep each order's part under its id, take the later
// by its time.
func ShowAt[S, E any](heard Type[E], keysOf func(E) []string, show func(S, E, time.Time) S) Row {
	r := Show(heard, show)
	r.keysOf = func(data any) []string { return keysOf(data.(E)) }
	return r
}

// Spreads tells whether the row shows an event in states that it gives the keys of.
func (r *Row) Spreads() bool { return r.keysOf != nil }

// Spreads tells whether any event is shown in states of several keys.
func (m *Machine) Spreads() bool {
	return slices.ContainsFunc(m.Rows, func(r Row) bool { return r.Spreads() })
}

// About is the event once for each state of the machine that it is about, with the key of that state. An error means that its
// keys cannot be computed, now or later.
func (m *Machine) About(e Event) (about []Event, err error) {
	rows := m.heard[e.Type]
	if len(rows) == 0 || !rows[0].Spreads() {
		return []Event{e}, nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: the keys of %s: panic: %v\n%s", m, e.Type, p, debug.Stack())
		}
	}()
	keys := slices.Sorted(slices.Values(rows[0].keysOf(e.Data)))
	for _, key := range slices.Compact(keys) {
		if key == "" {
			return nil, fmt.Errorf("%s: shows %s in the state of no key", m, e.Type)
		}
		e.Key = key
		about = append(about, e)
	}
	return about, nil
}

// indexSpread refuses a machine that decides on states which every partition writes, and an event shown both ways.
func (m *Machine) indexSpread() {
	m.spreads = slices.ContainsFunc(m.Rows, func(r Row) bool { return r.Spreads() })
	if !m.spreads {
		return
	}
	for _, r := range m.Rows {
		if r.Form != Projection {
			m.wrong("shows events in states of several keys, and does more than show on %s: that is for another machine", r.On.Name())
		}
		if all := m.heard[r.On.Name()]; r.Spreads() && len(all) > 1 {
			m.wrong("shows %s in states of several keys, and has another row on it: let one row do both", r.On.Name())
		}
	}
}
