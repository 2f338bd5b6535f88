package choreography

import (
	"slices"
	"strings"

	"orderflow.example/shared/saga"
)

// loopback: an event that a machine consumes from another machine of its service is emitted by that one alone, so that a
// replay knows whose state it changes; only the emitter can have calls or deadlines on it; and no cycle of such events is
// endless.
func (g *graph) loopback() Rule {
	rule := Rule{Name: "loopback", Says: "machines of a service hear each other, and every round has a way out", Of: "loopbacks"}
	round := map[string]bool{}
	for _, m := range g.machines {
		for _, name := range m.Loopbacks() {
			rule.Looked++
			if all := g.round(m.Service, name); len(all) > 0 && !round[name] && !g.leaves(m.Service, all) {
				rule.fault(m, "hears %s, from which that follows again by %s, and nothing on the way leads elsewhere: "+
					"it would go round for ever", plain(m.Kind(name)), strings.Join(all, " and "))
				for _, other := range all {
					round[other] = true
				}
			}
		}
	}
	g.each(func(m *saga.Machine, r *saga.Row) {
		for _, other := range g.machines {
			if other == m || other.Service != m.Service {
				continue
			}
			if (r.Form == saga.Calling || r.Form == saga.Deadline) && !m.Emits(r.On.Name()) && other.Emits(r.On.Name()) {
				rule.fault(m, "has a %s on %s, which %s says: only who says an event can ask or wait for time on it",
					map[saga.Form]string{saga.Calling: "question", saga.Deadline: "deadline"}[r.Form], plain(r.On), other)
			}
		}
	})
	for i, m := range g.machines {
		for _, other := range g.machines[:i] {
			for _, name := range m.Says() {
				if other.Service == m.Service && other.Emits(name) {
					rule.fault(m, "says %s, which %s says as well: a replay could not tell whose state it changes", plain(m.Kind(name)), other)
				}
			}
		}
	}
	return rule
}

// loopbacks: a machine that emits an event for another machine of the service and waits for its reaction has a deadline that
// runs from an event emitted with it. The other machine's key may be parked.
func (g *graph) loopbacks(rule *Rule) {
	g.each(func(m *saga.Machine, answer *saga.Row) {
		if answer.Form != saga.Reaction || len(answer.Emits) == 0 || !slices.Contains(m.Loopbacks(), answer.On.Name()) {
			return
		}
		for i := range m.Rows {
			asks := &m.Rows[i]
			if !slices.ContainsFunc(asks.Emits, func(k saga.Kind) bool { return g.leads(m, k.Name(), answer.On.Name()) }) {
				continue
			}
			rule.Looked++
			if !slices.ContainsFunc(m.Rows, func(r saga.Row) bool {
				return r.Form == saga.Deadline && has(asks.Emits, r.On.Name()) && !has(answer.Emits, r.On.Name()) &&
					overlap(r.Unless, answer.Emits)
			}) {
				rule.fault(m, "waits for %s, which another machine of it says, after %s, and no deadline ends that when it does not come",
					plain(answer.On), plain(asks.On))
			}
		}
	})
}

// leads reports whether one event follows from another by reactions of other machines of the service.
func (g *graph) leads(m *saga.Machine, from, to string) bool {
	others := &graph{edges: map[string][]edge{}}
	for name, all := range g.edges {
		others.edges[name] = hearers(all, m)
	}
	return others.within(m.Service, from)[to]
}

// round lists the events of the cycles through one event, by reactions within the service alone; none if it is on no
// cycle.
func (g *graph) round(service, name string) (all []string) {
	for next := range g.within(service, name) {
		if g.within(service, next)[name] {
			all = append(all, next)
		}
	}
	slices.Sort(all)
	return all
}

// within are the events that may follow from one by reactions within the service alone.
func (g *graph) within(service, from string) map[string]bool {
	seen := map[string]bool{}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		for _, e := range g.reactions(service, queue[0]) {
			for _, k := range e.row.Emits {
				if !seen[k.Name()] {
					seen[k.Name()] = true
					queue = append(queue, k.Name())
				}
			}
		}
	}
	return seen
}

// leaves reports whether any reaction on a cycle may emit an event that leads out of it.
func (g *graph) leaves(service string, round []string) bool {
	for _, name := range round {
		for _, e := range g.reactions(service, name) {
			back, out := 0, 0
			for _, k := range e.row.Emits {
				if slices.Contains(round, k.Name()) {
					back++
				} else {
					out++
				}
			}
			if back > 0 && out > 0 {
				return true
			}
		}
	}
	return false
}

// reactions returns the reactions of the service's machines to an event.
func (g *graph) reactions(service, name string) []edge {
	return slices.DeleteFunc(slices.Clone(g.edges[name]), func(e edge) bool {
		return e.m.Service != service || e.row.Form != saga.Reaction
	})
}
