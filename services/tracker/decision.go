package tracker

import (
	"slices"
	"strings"
	"time"

	"orderflow.example/shared/saga"
)

// decisions finds the events of a machine that wait for a person: a command may answer one with the same events with which its
// deadline does, and with others, and any of them settles the deadline.
func (x *Index) decisions(m *saga.Machine) {
	for i := range m.Rows {
		asked := &m.Rows[i]
		if !saga.IsCommand(asked.On) || len(asked.Emits) == 0 {
			continue
		}
		for j := range m.Rows {
			ends := &m.Rows[j]
			if ends.Form == saga.Deadline && isSubset(ends.Emits, asked.Emits) && isSubset(asked.Emits, ends.Unless) {
				x.kinds[x.kind(ends.On.Name())].decides = asked
			}
		}
	}
}

func isSubset(some, all []saga.Kind) bool {
	return !slices.ContainsFunc(some, func(k saga.Kind) bool {
		return !slices.ContainsFunc(all, func(other saga.Kind) bool { return other.Name() == k.Name() })
	})
}

// decision is owed by a person as long as the deadline runs, also one that was taken off.
func (x *Index) decision(s *story, e *entry, ends Obligation, now time.Time) Obligation {
	k := x.kinds[e.kind]
	what := strings.ReplaceAll(k.decides.On.Name(), "_", " ")
	o := x.obligation(s, e, x.places[e.place].service, KindDecision, what, s.due(e, k), now)
	if !ends.Until.IsZero() {
		o.Until = ends.Until
	}
	o.Overdue = false // the deadline acts then
	return o
}
