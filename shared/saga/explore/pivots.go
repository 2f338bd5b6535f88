package explore

import (
	"fmt"
	"slices"
	"strings"

	"orderflow.example/shared/saga"
)

// pivots is a set of events after which a step may be taken that could not be taken before. It travels with each emitted
// event: an event that a part hears carries the pivots behind it, so that a step is too early in this order of events
// exactly where it could be made before them in another.
type pivots uint64

// anyPivot stands for all events that rows declare as the pivot of the saga. The others are those that rows name.
const anyPivot pivots = 1

// namePivots gives each pivot its place in the set.
func (s *system) namePivots() {
	next := anyPivot
	for _, m := range s.model.Machines {
		for _, r := range m.Rows {
			for _, k := range r.Pivots {
				s.pivots[k.Name()] |= anyPivot
			}
			for _, k := range r.Behind {
				if s.pivots[k.Name()]&^anyPivot == 0 {
					if next <<= 1; next == 0 {
						panic("explore: more than 63 events are named by Past")
					}
					s.pivots[k.Name()] |= next
				}
			}
		}
	}
	for _, m := range s.model.Machines {
		for _, r := range m.Rows {
			if r.Irrevocable && len(r.Behind) > 0 {
				s.carried |= s.needed(&r)
			}
		}
	}
}

// needed are the pivots of which one must be behind before the row emits anything; none where it may at any time.
func (s *system) needed(r *saga.Row) (needed pivots) {
	if slices.ContainsFunc(r.Behind, func(k saga.Kind) bool { return k.Name() == r.On.Name() }) {
		return 0 // it runs on its pivot
	}
	if r.Irrevocable && len(r.Behind) == 0 {
		return anyPivot
	}
	for _, k := range r.Behind {
		needed |= s.pivots[k.Name()] &^ anyPivot
	}
	return needed
}

// tooEarly tells whether a row emitted something although none of the pivots it needs is behind.
func (s *system) tooEarly(p *part, in saga.Event, got saga.Step, past pivots) string {
	if p.watches == 0 {
		return ""
	}
	for _, own := range got.Emitted {
		past |= s.pivots[own.Type]
	}
	for i := range p.machine.Rows {
		r := &p.machine.Rows[i]
		needed := s.needed(r)
		if needed == 0 || past&needed != 0 {
			continue
		}
		asks := slices.ContainsFunc(got.Asks, func(q saga.Event) bool { return r.Form == saga.Calling && q.Type == r.On.Name() })
		where := p.name + " does what cannot be taken back before any pivot"
		switch ran := ledOn(r, in, got); {
		case r.Irrevocable && len(r.Behind) > 0 && (asks || ran):
			where = fmt.Sprintf("%s does what cannot be taken back before %s", p.name, alternatives(r.Behind))
		case r.Irrevocable && (asks || ran):
		case !r.Irrevocable && (asks || ran && len(got.Asks) > 0):
			where = fmt.Sprintf("%s asks outside what it declares to ask only past %s", p.name, alternatives(r.Behind))
		default:
			continue
		}
		return where + ": " + own(p.machine.Service, r.On.Name())
	}
	return ""
}

// ledOn tells whether this row emitted something in a step, for the input or for an event emitted on it.
func ledOn(r *saga.Row, in saga.Event, got saga.Step) bool {
	if r.Form == saga.Calling {
		return false // the outside acted when it was asked
	}
	via := ""
	if r.Form == saga.Deadline {
		via = saga.ViaDeadline
	}
	for _, on := range append([]saga.Event{in}, got.Emitted...) {
		for _, out := range got.Emitted {
			says := slices.ContainsFunc(r.Emits, func(k saga.Kind) bool { return k.Name() == out.Type })
			if says && on.Type == r.On.Name() && out.Cause == on.ID && out.Via == via {
				return true
			}
		}
	}
	return false
}

func alternatives(kinds []saga.Kind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = bare(k.Name())
	}
	return strings.Join(names, " or ")
}
