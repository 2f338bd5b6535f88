package audit

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"

	"orderflow.example/shared/saga"
)

// compareStates compares a service's rows with the fold of its topics, where either has changed.
func (t *trace) compareStates(ctx context.Context, into *tally) error {
	for i, f := range t.folds {
		if f.byKey {
			f.compareByKey(ctx, t.live[i])
		} else {
			f.compareAll(t.live[i])
		}
		if t.spoiled != nil {
			return t.spoiled
		}
		f.gone(ctx, t.keys[i])
		for key, state := range t.live[i] {
			t.facts.row(key, t.means(state))
		}
		f.moved = false
		clear(f.touched)
		into.check.Checked += len(f.rows)
		for key, o := range f.broken {
			if !f.has(key) {
				into.check.Checked++
			}
			into.offences = append(into.offences, o.Offence)
		}
		if t.picture.again {
			f.putAway()
		} else {
			f.states = nil
		}
	}
	if t.picture.again || t.horizon == "" {
		t.horizon, t.comparedAt = t.snapshot.horizon, t.snapshot.at
	}
	return t.spoiled
}

// compareByKey compares the rows that were written, and those of keys with new events.
func (f *fold) compareByKey(ctx context.Context, live map[string]any) {
	var away []string
	for key := range live {
		if _, held := f.held[key]; !held {
			away = append(away, key)
		}
	}
	if f.rebuild(ctx, away...); f.trace.spoiled != nil {
		return
	}
	clear(f.wanted)
	for key, row := range live {
		state, held := any(nil), false
		if _, held = f.held[key]; held {
			state = f.states.Get(saga.Event{Key: key})
		}
		f.compare(key, row, state, held)
	}
	for key := range f.touched {
		if _, ok := live[key]; !ok {
			f.unwritten(key, f.states.Get(saga.Event{Key: key}))
		}
	}
}

// compareAll goes through all states, because one event changes several.
func (f *fold) compareAll(live map[string]any) {
	clear(f.wanted)
	if !f.moved && len(live) == 0 {
		return
	}
	folded := make(map[string]struct{}, len(live))
	f.states.Each(func(key string, state any) error {
		row, ok := live[key]
		switch {
		case ok:
			folded[key] = struct{}{}
			f.compare(key, row, state, true)
		case !f.has(key):
			f.unwritten(key, state)
		}
		return nil
	})
	for key, row := range live {
		if _, ok := folded[key]; !ok {
			f.compare(key, row, nil, false)
		}
	}
}

// compare compares a row with the fold. A key that is only on one side must be blank there: a service also writes rows for events
// after which it emits none.
func (f *fold) compare(key string, row, folded any, known bool) {
	f.rows[f.hash(key)] = struct{}{}
	delete(f.broken, key)
	format := "%s: %s"
	if !known {
		if folded = blankLike(f.machine, key, row); folded == nil {
			return
		}
		format = "%s has a row that no event led to: %s"
	}
	if d := differenceIn(row, folded); d.path != "" {
		o := offence(name(key), format, f.machine, d)
		o.what = f.machine.String() + format
		o.Found, o.Expected = d.numbers()
		f.broken[key] = odd{o, row}
	}
}

// unwritten checks a key with new events whose row was not written.
func (f *fold) unwritten(key string, folded any) {
	if f.has(key) {
		f.wanted[key] = struct{}{} // it ought to have been: read it with the next look
		return
	}
	delete(f.broken, key)
	if blankLike(f.machine, key, folded) != nil {
		f.broken[key] = odd{offence(name(key), "%s has no row of it, but events about it", f.machine), nil}
	}
}

// gone finds the rows that were deleted, if the snapshot has all keys.
func (f *fold) gone(ctx context.Context, keys map[string]struct{}) {
	if keys == nil {
		return
	}
	left := make(map[uint64]struct{}, len(keys))
	for key := range keys {
		left[f.hash(key)] = struct{}{}
	}
	was := f.rows
	f.rows = left
	lost := func(key string) bool {
		h := f.hash(key)
		_, had := was[h]
		_, has := left[h]
		return had && !has
	}
	for key, o := range f.broken { // rows that no event led to
		if lost(key) {
			delete(f.broken, key)
			f.trace.facts.gone(key, f.trace.means(o.row))
		}
	}
	if !f.byKey {
		f.states.Each(func(key string, state any) error {
			if lost(key) {
				f.unwritten(key, state)
				f.trace.facts.gone(key, f.trace.means(state))
			}
			return nil
		})
		return
	}
	all := map[string]struct{}{}
	for _, t := range f.trace.picture.traces {
		if t == f.trace || f.inputs[t.reading.Topic] {
			for key := range t.chain.last {
				if lost(key) {
					all[key] = struct{}{}
				}
			}
		}
	}
	f.rows = was // for rebuild, which builds what had a row
	f.rebuild(ctx, slices.Collect(maps.Keys(all))...)
	f.rows = left
	for key := range all {
		state := f.states.Get(saga.Event{Key: key})
		f.unwritten(key, state)
		f.trace.facts.gone(key, f.trace.means(state))
	}
}

// name is how a key is listed: inventory's are "order <id>" and "stock <sku> at <warehouse>".
func name(key string) string { return strings.TrimPrefix(key, "order ") }

// blankLike returns the blank state of the key, or nil if the given state is blank itself.
func blankLike(m *saga.Machine, key string, state any) any {
	zero := reflect.Zero(reflect.TypeOf(state)).Interface()
	if differenceIn(state, zero).path == "" {
		return nil
	}
	if blank := m.Blank(key); reflect.TypeOf(blank) == reflect.TypeOf(state) {
		if differenceIn(state, blank).path == "" {
			return nil
		}
		return blank
	}
	return zero
}
