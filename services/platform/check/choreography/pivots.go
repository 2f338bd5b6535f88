package choreography

import (
	"slices"

	"orderflow.example/shared/saga"
)

// irrevocable: effects that people see or that cannot be undone happen only past a pivot: one of those that the row names,
// or any of the saga's. A named pivot can happen, and leads to the row.
func (g *graph) irrevocable() Rule {
	rule := Rule{Name: "irrevocable", Says: "nothing seen by people or irreversible happens before its pivot",
		Of: "rows that wait for a pivot"}
	ever, early := g.before(nil), g.beforePivot()
	g.each(func(m *saga.Machine, r *saga.Row) {
		for _, k := range r.Pivots {
			if !has(r.Emits, k.Name()) {
				rule.fault(m, "declares %s the pivot on %s, where it does not say it", plain(k), plain(r.On))
			} else if !ever[k.Name()] {
				rule.fault(m, "declares %s the pivot, and no row reaches it: nothing that happens leads to %s", plain(k), plain(r.On))
			}
		}
		if !r.Irrevocable && len(r.Behind) == 0 {
			return
		}
		rule.Looked++
		for _, k := range r.Behind {
			g.named(&rule, m, r, k, ever)
		}
		switch {
		case r.Irrevocable && len(r.Behind) == 0 && early[r.On.Name()]:
			rule.fault(m, "does on %s what cannot be taken back, and %s may happen before any pivot", plain(r.On), plain(r.On))
		case r.Irrevocable && len(r.Behind) > 0 && g.before(set(r.Behind))[r.On.Name()]:
			rule.fault(m, "does on %s what cannot be taken back, and %s may happen before %s", plain(r.On), plain(r.On), or(r.Behind))
		}
	})
	return rule
}

// named checks a pivot that a row names. If the row is not irrevocable, its decide waits for the pivot, which is possible
// only if its machine emits or consumes it.
func (g *graph) named(rule *Rule, m *saga.Machine, r *saga.Row, k saga.Kind, ever map[string]bool) {
	said := slices.ContainsFunc(g.machines, func(m *saga.Machine) bool { return slices.Contains(m.Says(), k.Name()) })
	switch {
	case !said:
		rule.fault(m, "waits on %s for %s, which nobody says", plain(r.On), plain(k))
	case !ever[k.Name()]:
		rule.fault(m, "waits on %s for %s, and no row reaches that: nothing that happens leads to it", plain(r.On), plain(k))
	case r.Irrevocable:
		all := func(*saga.Row) bool { return true }
		if !g.reach([]string{k.Name()}, all, func(string) bool { return false })[r.On.Name()] {
			rule.fault(m, "waits on %s for %s, from which nothing leads to %s", plain(r.On), plain(k), plain(r.On))
		}
	case !slices.Contains(m.Says(), k.Name()) && !slices.Contains(m.Hears(), k.Name()):
		rule.fault(m, "leads on on %s only past %s, which it can not know of: it neither says nor hears it", plain(r.On), plain(k))
	}
}

// beforePivot returns the events of orders that may happen while everything can still be undone.
func (g *graph) beforePivot() map[string]bool { return g.before(g.pivots) }

// before returns the commands, and the events that may follow from them before any of the pivots is emitted. A row that
// leads on only past one of some events counts if one of them may have been emitted by then.
func (g *graph) before(pivots map[string]bool) map[string]bool {
	may := map[string]bool{}
	g.each(func(_ *saga.Machine, r *saga.Row) {
		if saga.IsCommand(r.On) {
			may[r.On.Name()] = true
		}
	})
	for grown := true; grown; {
		grown = false
		g.each(func(_ *saga.Machine, r *saga.Row) {
			waits := len(r.Behind) > 0 && !slices.ContainsFunc(r.Behind, func(k saga.Kind) bool { return may[k.Name()] })
			if !may[r.On.Name()] || waits {
				return
			}
			for _, k := range r.Emits {
				if !pivots[k.Name()] && !may[k.Name()] {
					may[k.Name()], grown = true, true
				}
			}
		})
	}
	return may
}

func set(kinds []saga.Kind) map[string]bool {
	all := map[string]bool{}
	for _, k := range kinds {
		all[k.Name()] = true
	}
	return all
}
