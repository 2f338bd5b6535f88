package choreography

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"time"

	"orderflow.example/shared/saga"
)

// shown: projections of events without an order among each other, those of several producers and those projected to states
// of several keys, give the same result in either order. It is probed with the example of one and variants of the example
// of the other.
func (g *graph) shown(l Language) Rule {
	rule := Rule{Name: "shown in any order", Of: "pairs of projections",
		Says: "what is shown of two events that come in no order is the same in either"}
	for _, m := range g.machines {
		for i := range m.Rows {
			for j := i; j < len(m.Rows); j++ {
				a, b := &m.Rows[i], &m.Rows[j]
				if a.Form != saga.Projection || b.Form != saga.Projection || !unordered(a, b) {
					continue
				}
				rule.Looked++
				switch {
				case commute(m, l, a, b):
				case a == b:
					rule.fault(m, "shows %s in states of several keys, and it matters which of two comes first", plain(a.On))
				default:
					rule.fault(m, "shows %s and %s, and it matters which comes first: let one of them show it", plain(a.On), plain(b.On))
				}
			}
		}
	}
	return rule
}

// unordered reports whether two projected events may reach one state in either order.
func unordered(a, b *saga.Row) bool {
	return a.Spreads() || b.Spreads() || saga.Producer(a.On.Name()) != saga.Producer(b.On.Name())
}

func commute(m *saga.Machine, l Language, a, b *saga.Row) bool {
	first := examples(l, a.On)
	if len(first) == 0 {
		return true // reported by the rule of the language
	}
	e := saga.Event{ID: "a", Type: a.On.Name(), Key: probed, Saga: probed, Data: first[0], Time: time.Unix(1_000_000, 0).UTC()}
	for _, data := range examples(l, b.On) {
		f := saga.Event{ID: "b", Type: b.On.Name(), Key: probed, Saga: probed, Data: data, Time: e.Time.Add(time.Hour)}
		for _, key := range keysOfBoth(m, e, f) {
			e.Key, f.Key = key, key
			one, ok := shownAfter(m, key, e, f)
			other, okToo := shownAfter(m, key, f, e)
			if ok && okToo && !reflect.DeepEqual(one, other) {
				return false
			}
		}
	}
	return true
}

// shownAfter returns the state after projecting events one after the other; false if one fails: it would be parked.
func shownAfter(m *saga.Machine, key string, events ...saga.Event) (any, bool) {
	state := m.Blank(key)
	for _, e := range events {
		step, err := m.Hear(state, e, func(*saga.Event) {})
		if err != nil {
			return nil, false
		}
		state = step.State
	}
	return state, true
}

// keysOfBoth returns the keys to whose states both are projected. An event projected under its own key has any key.
func keysOfBoth(m *saga.Machine, e, f saga.Event) (keys []string) {
	of := map[string]int{}
	for _, one := range []saga.Event{e, f} {
		about, _ := m.About(one)
		for _, each := range about {
			of[each.Key]++
		}
	}
	for key, n := range of {
		if n == 2 || of[probed] == 1 && key != probed {
			keys = append(keys, key)
		}
	}
	return keys
}

// examples returns the payload of an event's example, and variants of it: with all numbers and booleans changed, and each of
// its texts in turn.
func examples(l Language, k saga.Kind) (all []any) {
	text, ok := l.Example(k)
	if !ok {
		return nil
	}
	read := func(text []byte) {
		if data, err := k.Decode(text); err == nil {
			all = append(all, data)
		}
	}
	read(text)
	for n, more := 0, true; more; n++ {
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		var payload any
		if d.Decode(&payload) != nil {
			break
		}
		left := n
		payload = varied(payload, &left)
		more = left <= 0
		if variant, err := json.Marshal(payload); err == nil {
			read(variant)
		}
	}
	return all
}

// varied returns a payload with changed numbers and booleans, and with the text changed to which left counts down.
func varied(v any, left *int) any {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			v[name] = varied(v[name], left)
		}
	case []any:
		for i := range v {
			v[i] = varied(v[i], left)
		}
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n + 1
		}
	case bool:
		return !v
	case string:
		if *left--; *left == 0 {
			return v + "x"
		}
	}
	return v
}
