package choreography

import (
	"reflect"
	"time"
)

// numbered: an event of a series carries its number, and its series does not depend on the number.
func (g *graph) numbered(rule *Rule, l Language) {
	for _, m := range g.machines {
		for _, s := range m.Series {
			rule.Looked++
			data, ok := l.example(s.Of)
			if !ok {
				continue // reported by another rule
			}
			now := time.Unix(1_000_000, 0).UTC()
			one, two := s.Set(data, 1, now), s.Set(data, 2, now)
			switch {
			case reflect.DeepEqual(one, two):
				rule.fault(m, "numbers %s, and its payload is the same whatever the number is", plain(s.Of))
			case s.Name(one, now) != s.Name(two, now):
				rule.fault(m, "numbers %s in a series that depends on the number", plain(s.Of))
			}
		}
	}
}
