package choreography

import (
	"fmt"
	"reflect"
	"strings"

	"orderflow.example/shared/saga"
)

// keyed: each machine declares the key of its states, and has rows only for events of that key: they come in the order of
// that key, to the partition of the state. Events of another key must be consumed by a machine of that key, which then
// informs this one.
//
// An event of another key that a machine emits does not change its own state: the engine would change the state at hand, and
// a replay that of the event's key.
func (g *graph) keyed(l Language) Rule {
	rule := Rule{Name: "keyed", Says: "every machine declares its key, and what it hears is about that", Of: "rows and events"}
	declared := map[saga.Key]bool{}
	for _, m := range g.machines {
		for _, k := range m.Keys() {
			if declared[k] = true; k == "" {
				rule.fault(m, "declares no key: say what its states are about, as in Key: saga.Order")
			}
		}
	}
	g.each(func(m *saga.Machine, r *saga.Row) {
		if saga.IsCommand(r.On) || r.Form == saga.Lookup || r.Spreads() {
			return
		}
		if rule.Looked++; m.Key != "" && !m.KeptUnder(r.On.KeyedBy()) {
			rule.fault(m, "has a row on %s, which is keyed by %s, and its states are kept by %s: hear it in a machine of that key, "+
				"and let that say it about the %s", plain(r.On), r.On.KeyedBy(), keys(m), m.Key)
		}
	})
	for _, m := range g.machines {
		for _, name := range m.Says() {
			k := m.Kind(name)
			example, ok := l.Example(k)
			if !ok || m.KeptUnder(k.KeyedBy()) {
				continue
			}
			data, err := k.Decode(example)
			if err != nil {
				continue // reported by another rule
			}
			rule.Looked++
			said := saga.Event{ID: "said", Type: name, Key: probed, Data: data}
			if !reflect.DeepEqual(m.Evolve(m.Blank(probed), said), m.Blank(probed)) {
				rule.fault(m, "changes its state by %s, which is keyed by %s: say beside it, by %s, what changes",
					plain(k), k.KeyedBy(), m.Key)
			}
		}
	}
	for _, k := range l.Events {
		if !declared[k.KeyedBy()] {
			rule.Faults = append(rule.Faults, Fault{rule.Name, saga.Producer(k.Name()),
				fmt.Sprintf("%s is keyed by %s, which no machine declares", plain(k), k.KeyedBy())})
		}
	}
	return rule
}

func keys(m *saga.Machine) string {
	var list []string
	for _, k := range m.Keys() {
		list = append(list, string(k))
	}
	return strings.Join(list, " or ")
}
