package choreography

import (
	"reflect"
	"time"

	"orderflow.example/shared/saga"
)

// numbered: an event of a series carries its number, by which it is not told which series it is in.
func (g *graph) numbered(rule *Rule, l Language) {
	for _, m := range g.machines {
		for _, s := range m.Series {
			rule.Looked++
			data, ok := l.example(s.Of)
			if !ok {
				continue // is found fault with anyhow
			}
			now := time.Unix(1_000_000, 0).UTC()
			one, two := s.Set(data, 1), s.Set(data, 2)
			switch {
			case reflect.DeepEqual(one, two):
				rule.fault(m, "numbers %s, and its payload is the same whatever the number is", plain(s.Of))
			case s.Name(one, now) != s.Name(two, now):
				rule.fault(m, "numbers %s in a series that depends on the number", plain(s.Of))
			}
		}
	}
}

// lookedUp: what is only kept to be looked up is looked up by some decision.
func (g *graph) lookedUp(rule *Rule) {
	g.each(func(m *saga.Machine, r *saga.Row) {
		if r.Form == saga.Lookup && !has(m.Knows(), r.On.Name()) {
			rule.fault(m, "keeps the latest %s, and no decision looks it up: add an OnKnown row, or leave it out", plain(r.On))
		}
	})
}
