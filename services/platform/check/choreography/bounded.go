package choreography

import (
	"maps"
	"slices"

	"orderflow.example/shared/saga"
)

// bounded: no saga waits for ever. For each kind of wait that the rows show, there must be a deadline that ends it, or a
// time after which operators are alerted.
func (g *graph) bounded() Rule {
	rule := Rule{Name: "bounded", Says: "every wait has a deadline whose event somebody handles", Of: "waits"}
	g.questions(&rule)
	g.joins(&rule)
	g.loopbacks(&rule)
	g.persons(&rule)
	g.extensions(&rule)
	g.deadlines(&rule)
	return rule
}

// questions: a call waits for its answer until a deadline, or for ever. In the latter case, before the pivot, a deadline
// that runs from an earlier event must be able to end the saga nevertheless, unless the call is a compensation: that has
// to be answered, and in the end to succeed.
func (g *graph) questions(rule *Rule) {
	before := g.beforePivot()
	g.each(func(m *saga.Machine, r *saga.Row) {
		if r.Form != saga.Calling {
			return
		}
		rule.Looked++
		switch {
		case r.Due == 0 && m.DeadlineOf(r.On.Name()) == nil:
			rule.fault(m, "waits for %s after %s without a deadline: add an After row, or say UntilAnswered where it must be answered",
				r.Ask, plain(r.On))
		case r.Due > 0 && m.Key == saga.Order && before[r.On.Name()] && len(r.Undoes) == 0 && !g.covered([]string{r.On.Name()}):
			rule.fault(m, "asks %s until it is answered, and no deadline that runs from an earlier event ends the order when it is not",
				r.Ask)
		}
		if ends := g.ends(m, r); len(r.Undoes) > 0 && len(ends) > 1 {
			rule.fault(m, "asks %s to undo something, and leaves it at that on %s: what is refused has to be asked for again", r.Ask,
				or(ends))
		}
	})
}

// ends are the answers to a call after which it is not retried automatically.
func (g *graph) ends(m *saga.Machine, question *saga.Row) (ends []saga.Kind) {
	for _, k := range question.Emits {
		again := slices.ContainsFunc(g.edges[k.Name()], func(e edge) bool { return e.m == m && has(e.row.Emits, question.On.Name()) })
		if !again {
			ends = append(ends, k)
		}
	}
	return ends
}

// joins: a machine that waits for events of several services has a deadline for the last one. Events of one service alone are
// alternatives: a refund is issued by the gateway, or settled by a person.
func (g *graph) joins(rule *Rule) {
	before := g.beforePivot()
	for _, m := range g.machines {
		waits := map[string][]string{} // the events joined, by the events emitted meanwhile
		for _, r := range m.Rows {
			if r.Form != saga.Reaction || len(r.Undoes) > 0 || len(r.Emits) < 2 || !before[r.On.Name()] {
				continue
			}
			for _, k := range r.Emits {
				if has(m.Final, k.Name()) && slices.ContainsFunc(r.Emits, g.decidedOn) {
					waits[joined(r, k)] = append(waits[joined(r, k)], r.On.Name())
				}
			}
		}
		for _, what := range slices.Sorted(maps.Keys(waits)) {
			heard := waits[what]
			producers := map[string]bool{}
			for _, name := range heard {
				producers[saga.Producer(name)] = true
			}
			if len(producers) < 2 {
				continue
			}
			if rule.Looked++; !g.covered(heard) {
				kinds := make([]saga.Kind, len(heard))
				for i, name := range heard {
					kinds[i] = m.Kind(name)
				}
				rule.fault(m, "waits for %s together, and no deadline ends the order when one of them does not come", or(kinds))
			}
		}
	}
}

// joined names a join by the event emitted meanwhile and all that may follow from it.
func joined(r saga.Row, note saga.Kind) string { return note.Name() + " " + or(r.Emits) }

// covered reports whether some deadline runs while all these events are awaited: they may follow from the event it runs
// from without an event in between that cancels it. What a call's answer leads to beside such an event comes with it: the card
// that is identified ends its deadline, although its orders are counted only then.
func (g *graph) covered(events []string) bool {
	found := false
	g.each(func(_ *saga.Machine, r *saga.Row) {
		if r.Form != saga.Deadline || found {
			return
		}
		through := func(row *saga.Row) bool {
			return row.Form != saga.Deadline && (row.Form != saga.Calling || row.On.Name() != r.On.Name() || !overlap(row.Emits, r.Unless))
		}
		reached := g.reach([]string{r.On.Name()}, through,
			func(event string) bool { return has(r.Unless, event) })
		found = !slices.ContainsFunc(events, func(name string) bool { return !reached[name] })
	})
	return found
}

// persons: a decision that a service may leave to a person has a deadline that decides when the person does not.
func (g *graph) persons(rule *Rule) {
	for _, m := range g.machines {
		for _, r := range m.Rows {
			if !saga.IsCommand(r.On) {
				continue
			}
			itself := slices.ContainsFunc(m.Rows, func(other saga.Row) bool {
				return other.Form == saga.Reaction && !saga.IsCommand(other.On) && overlap(other.Emits, r.Emits)
			})
			if !itself || m.Key != saga.Order {
				continue
			}
			rule.Looked++
			if !slices.ContainsFunc(m.Rows, func(other saga.Row) bool {
				return other.Form == saga.Deadline && overlap(other.Emits, r.Emits)
			}) {
				rule.fault(m, "leaves %s to a person (%s) without a deadline that decides when the person does not", or(r.Emits), r.On.Name())
			}
		}
	}
}

// extensions: before the pivot, an event that cancels a deadline and that nobody else consumes must start another.
func (g *graph) extensions(rule *Rule) {
	before := g.beforePivot()
	g.each(func(m *saga.Machine, r *saga.Row) {
		for _, k := range r.Unless {
			if r.Form != saga.Deadline || len(hearers(g.edges[k.Name()], m)) > 0 || !before[k.Name()] || has(m.Final, k.Name()) {
				continue
			}
			if rule.Looked++; m.DeadlineOf(k.Name()) == nil {
				rule.fault(m, "takes the deadline that runs from %s off on %s, and starts no other", plain(r.On), plain(k))
			}
		}
	})
}

// deadlines: the event of a deadline has a handler, and the events that cancel it can happen.
func (g *graph) deadlines(rule *Rule) {
	g.each(func(m *saga.Machine, r *saga.Row) {
		if r.Form != saga.Deadline {
			return
		}
		rule.Looked++
		if !slices.ContainsFunc(r.Emits, g.decidedOn) {
			rule.fault(m, "has a deadline on %s that leads to nothing anybody handles", plain(r.On))
		}
		for _, k := range r.Unless {
			if !slices.Contains(m.Says(), k.Name()) {
				rule.fault(m, "takes the deadline that runs from %s off on %s, which it never says", plain(r.On), plain(k))
			}
		}
	})
}

// decidedOn reports whether any row does more with an event than project it: decisions are taken on it, or its own service looks
// it up for later ones. A lookup of another service is not what a saga waits for.
func (g *graph) decidedOn(k saga.Kind) bool {
	return slices.ContainsFunc(g.edges[k.Name()], func(e edge) bool {
		return e.row.Form != saga.Projection && (e.row.Form != saga.Lookup || e.m.Service == saga.Producer(k.Name()))
	})
}

func overlap(a, b []saga.Kind) bool {
	return slices.ContainsFunc(a, func(k saga.Kind) bool { return has(b, k.Name()) })
}

// hearers returns the rows of other machines that consume an event.
func hearers(all []edge, but *saga.Machine) (others []edge) {
	for _, e := range all {
		if e.m != but {
			others = append(others, e)
		}
	}
	return others
}
