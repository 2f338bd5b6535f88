package choreography

import (
	"slices"
	"strings"

	"orderflow.example/shared/saga"
)

// heardIsSaid: every event consumed is emitted by a service, and every event kept for lookups is looked up.
func (g *graph) heardIsSaid(l Language) Rule {
	rule := Rule{Name: "heard is said", Of: "events heard",
		Says: "every event heard has a service that says it, and one kept for lookups is looked up"}
	said := map[string]bool{}
	for _, m := range g.machines {
		for _, name := range m.Says() {
			said[name] = true
		}
	}
	for _, m := range g.machines {
		for _, name := range m.Hears() {
			if rule.Looked++; !said[name] {
				rule.fault(m, "waits for %s, which no row of %s emits", strings.TrimSuffix(name, ".v1"), saga.Producer(name))
			}
		}
	}
	g.lookedUp(&rule, l)
	return rule
}

// saidIsHeard: every event emitted is consumed by another service, or leads on in the service itself, or is declared final.
func (g *graph) saidIsHeard(events []saga.Kind) Rule {
	rule := Rule{Name: "said is heard",
		Says: "every event has somebody who hears it, or is declared final, and every one there is is said", Of: "events"}
	said := map[string]bool{}
	for _, m := range g.machines {
		for _, name := range m.Says() {
			rule.Looked++
			said[name] = true
			heard, final := len(g.edges[name]) > 0, has(m.Final, name)
			switch k := m.Kind(name); {
			case !has(events, name):
				rule.fault(m, "emits %s, which the language does not list: define it in schemas/%s", plain(k), m.Service)
			case !heard && !final:
				rule.fault(m, "says %s and nobody hears it: let somebody, or declare it Final", plain(k))
			case heard && final:
				rule.fault(m, "declares %s Final, and %s hears it", plain(k), g.edges[name][0].m)
			}
		}
		for _, k := range m.Final {
			if !slices.Contains(m.Says(), k.Name()) {
				rule.fault(m, "declares %s Final and never says it", plain(k))
			}
		}
	}
	for _, k := range events {
		if !said[k.Name()] && !upcast(k, events) {
			rule.Faults = append(rule.Faults, Fault{rule.Name, saga.Producer(k.Name()),
				"no row emits " + plain(k) + ": remove it from the language, or say it"})
		}
	}
	return rule
}

// undone: every call before the pivot is undone when the order is cancelled: by a reaction that declares so, or because the
// call itself is a compensation.
func (g *graph) undone() Rule {
	rule := Rule{Name: "undone", Says: "every question asked before the pivot has a compensation", Of: "questions"}
	before := g.beforePivot()
	undone := map[string]bool{}
	g.each(func(_ *saga.Machine, r *saga.Row) {
		for _, k := range r.Undoes {
			undone[k.Name()] = undone[k.Name()] || r.Form == saga.Reaction
		}
	})
	g.each(func(m *saga.Machine, r *saga.Row) {
		if r.Form != saga.Calling || m.Key != saga.Order {
			return
		}
		if rule.Looked++; !before[r.On.Name()] || len(r.Undoes) > 0 || undone[r.On.Name()] ||
			slices.ContainsFunc(r.Emits, func(k saga.Kind) bool { return undone[k.Name()] }) {
			return
		}
		rule.fault(m, "asks %s on %s before the pivot, and no reaction undoes %s: add a row that Compensates it", r.Ask, plain(r.On),
			or(append([]saga.Kind{r.On}, r.Emits...)))
	})
	return rule
}

// givenUp: an event that drops a call can happen while the call is open, and the effect that the call may have had outside is
// undone: the service compensates by its request, which it knows without an answer.
func (g *graph) givenUp() Rule {
	rule := Rule{Name: "given up", Says: "every question that may be dropped is dropped by something that happens, and undone",
		Of: "questions"}
	g.each(func(m *saga.Machine, question *saga.Row) {
		if question.Form != saga.Calling || len(question.Unless) == 0 {
			return
		}
		rule.Looked++
		for _, k := range question.Unless {
			if !slices.ContainsFunc(m.Rows, func(r saga.Row) bool { return r.Ask != question.Ask && has(r.Emits, k.Name()) }) {
				rule.fault(m, "drops %s on %s, which no other row of it emits", question.Ask, plain(k))
			}
		}
		if !slices.ContainsFunc(m.Rows, func(r saga.Row) bool { return has(r.Undoes, question.On.Name()) }) {
			rule.fault(m, "drops %s on %s, and nothing undoes %s, which may have been done: add a row that Compensates it",
				question.Ask, or(question.Unless), plain(question.On))
		}
	})
	return rule
}

// language: every event has a topic, a schema and a readable example.
func (g *graph) language(l Language) Rule {
	rule := Rule{Name: "language", Of: "events",
		Says: "topic and schema exist for every event, an example of it is read, and what is numbered carries its number"}
	for _, k := range l.Events {
		rule.Looked++
		fault := func(text string) {
			rule.Faults = append(rule.Faults, Fault{rule.Name, saga.Producer(k.Name()), plain(k) + " " + text})
		}
		if !slices.Contains(l.Topics, saga.Topic(k.Name())) {
			fault("belongs on " + saga.Topic(k.Name()) + ", a topic that is not made")
		}
		if data, ok := l.Example(k); !ok {
			fault("has no schema or no example: run make generate")
		} else if _, err := k.Decode(data); err != nil {
			fault("has an example that is not read: " + err.Error())
		}
	}
	g.numbered(&rule, l)
	return rule
}

// grown: events only grow, so that new builds read the records on topics, and builds not yet replaced read new records.
func grown(l Language) Rule {
	rule := Rule{Name: "grown", Says: "no event has changed but by growing since the last release", Of: "events",
		Looked: len(l.Events)}
	for _, p := range l.Broken {
		rule.Faults = append(rule.Faults, Fault{rule.Name, saga.Producer(p.Event), p.String()})
	}
	return rule
}
