package choreography

import "orderflow.example/shared/saga"

// lookedUp: events that are kept for lookups are looked up by some decision, and under a key of their kind.
func (g *graph) lookedUp(rule *Rule, l Language) {
	g.each(func(m *saga.Machine, r *saga.Row) {
		if r.Form == saga.Lookup && !has(m.Knows(), r.On.Name()) {
			rule.fault(m, "keeps the latest %s, and no decision looks it up: add an OnKnown row, or leave it out", plain(r.On))
		}
		if r.Knows == nil {
			return
		}
		data, ok := l.example(r.On)
		if saga.IsCommand(r.On) {
			data, ok = r.On.Example(), true
		}
		if !ok {
			return // reported by the rule of the language
		}
		heard := saga.Event{ID: "heard", Type: r.On.Name(), Key: probed, Saga: probed, Data: data}
		m.LooksUp(m.Blank(probed), heard, func(known saga.Kind, key string) {
			if !m.KeptUnder(known.KeyedBy()) && key == probed {
				rule.fault(m, "looks up %s under the key of the %s at hand, and that is about a %s",
					plain(known), m.Key, known.KeyedBy())
			}
		})
	})
}
