package verify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

type binding = engine.Binding

// fold rebuilds the states of one machine: first all of its own events, then, where it shows what others say, theirs.
// The order of the two, and of the others among each other, cannot matter: no field is written by two producers.
type fold struct {
	machine *saga.Machine
	states  engine.States
	says    map[string]bool
	shows   map[string]saga.Kind
}

func newFold(b binding) *fold {
	f := &fold{machine: b.Machine, states: b.Store.Memory(), says: map[string]bool{}, shows: map[string]saga.Kind{}}
	for _, name := range b.Machine.Says() {
		f.says[name] = true
	}
	for _, r := range b.Machine.Rows {
		if r.Form == saga.Projection {
			f.shows[r.On.Name()] = r.On
		}
	}
	return f
}

func (f *fold) own(e saga.Event) {
	if f.says[e.Type] {
		f.states.Put(e, f.machine.Evolve(f.states.Get(e), e))
	}
}

func (f *fold) show(e saga.Event) {
	if f.shows[e.Type] != nil {
		f.states.Put(e, f.machine.Show(f.states.Get(e), e))
	}
}

// inputs are the topics that the folds of a service show something of.
func inputs(folds []*fold) []string {
	seen := map[string]bool{}
	for _, f := range folds {
		for name := range f.shows {
			seen[saga.Topic(name)] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// show reads one input as far as the snapshot had applied it, and shows it to the folds.
func (t *trace) show(ctx context.Context, topic string, log Log) error {
	r := t.reading
	r.log, r.topic, r.upto = log, topic, map[int]int64{}
	for at, w := range t.watermarks {
		if at.topic == topic {
			r.upto[at.partition] = w.sequence
		}
	}
	var unread error
	err := r.run(ctx, func(rec *kafka.Record) {
		t.facts.progress(1)
		for _, f := range t.folds {
			kind := f.shows[rec.Type]
			if kind == nil || t.parkedID[rec.ID] {
				continue
			}
			if e, err := eventOf(rec, kind); err != nil {
				unread = errors.Join(unread, err)
			} else {
				f.show(e)
			}
		}
	})
	return errors.Join(err, unread)
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
	e.Data, err = kind.Decode(rec.Data)
	return e, err
}

// compareStates compares what a service has with what its topics say, and forgets the latter.
func (t *trace) compareStates(into *tally) {
	for i, f := range t.folds {
		replayed := map[string]any{}
		f.states.Each(func(key string, state any) error { replayed[key] = state; return nil })
		f.states = nil
		compareStates(into, f.machine, t.live[i], replayed)
	}
}

// compareStates compares rows with the fold. A key that is only on one side must be blank there: a service keeps a row
// also of what it heard without saying anything.
func compareStates(into *tally, m *saga.Machine, live, replayed map[string]any) {
	for key, row := range live {
		into.check.Checked++
		folded, ok := replayed[key]
		if !ok {
			if folded = blankLike(m, key, row); folded == nil {
				continue
			}
			into.broken(name(key), "%s has a row that no event led to: %s", m, differenceIn(row, folded))
			continue
		}
		if d := differenceIn(row, folded); d != "" {
			into.broken(name(key), "%s: %s", m, d)
		}
	}
	for key, folded := range replayed {
		if _, ok := live[key]; ok || blankLike(m, key, folded) == nil {
			continue
		}
		into.check.Checked++
		into.broken(name(key), "%s has no row of it, but events about it", m)
	}
}

// name is how a key is listed: inventory's are "order <id>" and "stock <sku> at <warehouse>".
func name(key string) string { return strings.TrimPrefix(key, "order ") }

// blankLike is nil where the state is that of a key nothing is known of, else the state it would have then.
func blankLike(m *saga.Machine, key string, state any) any {
	zero := reflect.Zero(reflect.TypeOf(state)).Interface()
	if differenceIn(state, zero) == "" {
		return nil
	}
	if blank := m.Blank(key); reflect.TypeOf(blank) == reflect.TypeOf(state) {
		if differenceIn(state, blank) == "" {
			return nil
		}
		return blank
	}
	return zero
}
