package choreography

import (
	"slices"
	"strconv"
	"strings"

	"orderflow.example/shared/saga"
)

// olderIsRead: a record of an earlier version is upcast in one way, step by step, as the same event, and alike by all
// machines of a service.
func (g *graph) olderIsRead(l Language) Rule {
	rule := Rule{Name: "older is read", Of: "events",
		Says: "an earlier version is read as the next one of the same event, in one way, and as one that somebody knows"}
	next := map[string]string{} // by earlier version
	for _, k := range g.kinds(l.Events) {
		rule.Looked++
		all := k.Older()
		if len(all) == 0 {
			continue
		}
		name, before := k.Name(), all[0].Name() // the others are upcast by way of it
		wrong := func(text string) {
			rule.Faults = append(rule.Faults, Fault{rule.Name, saga.Producer(name), "reads " + before + " as " + name + text})
		}
		switch {
		case saga.What(name) != saga.What(before):
			wrong(", which is another event: only versions of one event are upcast")
		case version(name) != version(before)+1:
			wrong(" and leaves a version out: upcast version by version")
		case next[before] != "":
			wrong(", and as " + next[before] + ": declare one upcaster")
		case !slices.ContainsFunc(g.machines, func(m *saga.Machine) bool { return m.Kind(name) != nil || looksUp(m, name) }):
			wrong(", which nobody says or hears: remove the upcaster, or let somebody hear it")
		}
		next[before] = name
		g.both(&rule, k)
	}
	return rule
}

// both finds services that consume an event in two versions: a record is read once for all machines of a service.
func (g *graph) both(rule *Rule, k saga.Kind) {
	for _, m := range g.machines {
		for _, o := range k.Older() {
			if m.Kind(k.Name()) == nil {
				continue
			}
			for _, other := range g.machines {
				if kind := other.Kind(o.Name()); other.Service == m.Service && kind != nil && kind.Name() == o.Name() {
					rule.fault(other, "has a row on %s, and %s of the same service knows it as %s: let both know that", o.Name(), m, k.Name())
				}
			}
		}
	}
}

// kinds are those of the language, and those that machines declare, once each; twice if they are upcast in two ways.
func (g *graph) kinds(events []saga.Kind) []saga.Kind {
	all := slices.Clone(events)
	add := func(k saga.Kind) {
		same := func(o saga.Kind) bool { return o.Name() == k.Name() && (len(k.Older()) == 0 || upcastAlike(o, k)) }
		if !saga.IsCommand(k) && !slices.ContainsFunc(all, same) {
			all = append(all, k)
		}
	}
	g.each(func(_ *saga.Machine, r *saga.Row) {
		add(r.On)
		for _, k := range r.Emits {
			add(k)
		}
	})
	return all
}

// upcastAlike reports whether two types were made by the same declaration.
func upcastAlike(a, b saga.Kind) bool { return len(a.Older()) > 0 && &a.Older()[0] == &b.Older()[0] }

func looksUp(m *saga.Machine, name string) bool { return has(m.Knows(), name) }

// version returns the version of an event: 2 of "payment.authorized.v2".
func version(name string) int {
	n, _ := strconv.Atoi(name[strings.LastIndexByte(name, '.')+2:])
	return n
}

// upcast reports whether the event is an earlier version that is read as another: no longer emitted, but still on topics.
func upcast(k saga.Kind, events []saga.Kind) bool {
	return slices.ContainsFunc(events, func(other saga.Kind) bool {
		return slices.ContainsFunc(other.Older(), func(o saga.Older) bool { return o.Name() == k.Name() })
	})
}
