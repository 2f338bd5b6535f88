package explore

import (
	"slices"

	"orderflow.example/shared/saga"
)

// Options configure an exploration.
type Options struct {
	All      bool             // every step of every part in every order, without the reduction
	Limit    int              // the number of states at which to stop; 0: 50 million
	Progress func(states int) // called from time to time
	Ends     func(View)       // called with each state in which nothing more can happen; again if all is explored again
	noNotes  bool             // treat no input as a note
}

// Result is the result of an exploration. It is the same for every exploration of a model, except for the time taken.
type Result struct {
	Roots       int
	States      int
	Transitions int
	Spared      int // steps not tried in a state, because the order does not matter
	Depth       int // the most steps to a state, each reached in the fewest
	Ends        int // states in which nothing more can happen
	Parts       []PartResult
	Unsaid      []saga.Kind // events that machines declare, and do not emit in any state reached
	Unfinished  bool        // the limit was reached
	NoNotes     string      // why everything was explored again without notes; "" if it was not
	Violation   *Violation
}

// PartResult is the result for one part.
type PartResult struct {
	Name   string
	States int // the states it may have
	Steps  int // the inputs it may consume, counted for each state
}

const defaultLimit = 50_000_000

// search is one exploration.
type search struct {
	*system
	Options
	seen   *set
	parent list // of each state; -1-root of the roots
	next   list // the states after each, one list after the other
	ranges list // where each state's list ends
	Result
}

// Explore tries everything. It stops at the first violation, which is among the nearest: the search is breadth-first.
func Explore(m Model, o Options) Result {
	x := &search{system: newSystem(m), Options: o, parent: list{width: 1}, next: list{width: 1}, ranges: list{width: 1}}
	x.seen = newSet(len(x.parts))
	if x.Limit == 0 {
		x.Limit = defaultLimit
	}
	x.Roots = len(m.Roots)
	for i, root := range m.Roots {
		if _, fresh := x.seen.add(x.begin(root)); fresh {
			x.parent.add(int32(-1 - i))
		}
	}
	x.run()
	x.count()
	if x.Violation != nil || x.Unfinished {
		return x.Result
	}
	for _, p := range x.parts {
		if o.All || o.noNotes {
			break
		}
		if why := x.commute(p); why != "" {
			o.noNotes = true
			r := Explore(m, o)
			r.NoNotes = why
			return r
		}
	}
	x.lookBack()
	return x.Result
}

func (x *search) count() {
	x.States = x.seen.len()
	for _, p := range x.parts {
		r := PartResult{Name: p.name, States: len(p.locals.at)}
		for _, list := range p.reacted {
			r.Steps += len(list)
		}
		x.Parts = append(x.Parts, r)
	}
	x.Unsaid = x.unsaid()
}

// lookBack makes the checks that no single step shows.
func (x *search) lookBack() {
	x.findCycle()
	if x.Violation == nil {
		x.hearAgain()
	}
	for _, p := range x.parts {
		if x.Violation == nil && p.machine != nil && p.machine.Same != nil {
			if why := x.alike(p); why != "" {
				x.Violation = &Violation{Root: "any", Why: why}
			}
		}
	}
}

func (x *search) unsaid() (unsaid []saga.Kind) {
	for _, p := range x.parts {
		if p.machine == nil {
			continue
		}
		for _, name := range p.machine.Says() {
			if !x.said[name] {
				unsaid = append(unsaid, p.machine.Kind(name))
			}
		}
	}
	return unsaid
}

func (x *search) run() {
	next := make([]int32, len(x.parts))
	at := make([]int32, len(x.parts))
	level := x.seen.len()
	for n := 0; n < x.seen.len(); n++ {
		if n == level {
			level = x.seen.len()
			x.Depth++
		}
		if n%100_000 == 0 && x.Progress != nil && n > 0 {
			x.Progress(x.seen.len())
		}
		copy(at, x.seen.get(n))
		if x.visit(n, at, next); x.Violation != nil {
			return
		}
		if x.seen.len() > x.Limit {
			x.Unfinished = true
			return
		}
	}
}

// visit takes every step that has to be tried in a state.
func (x *search) visit(n int, at, next []int32) {
	enabled := 0
	for i, p := range x.parts {
		enabled += len(x.expand(p, at[i]))
	}
	if enabled == 0 {
		x.end(n, at)
	}
	set, only := ^uint64(0), -1
	if !x.All && enabled > 0 {
		var p *part
		if p, only = x.noting(at); p != nil {
			set = 1 << p.i
		} else {
			set = x.persistent(at)
		}
	}
	taken := 0
	for _, p := range x.parts {
		if set&(1<<p.i) == 0 {
			continue
		}
		steps := x.expand(p, at[p.i])
		if only >= 0 {
			steps = steps[only : only+1]
		}
		taken += len(steps)
		for i := range steps {
			if st := &steps[i]; st.did.wrong != "" {
				x.Violation = x.violation(n, p, st)
				return
			}
			x.after(at, p, &steps[i], next)
			to, fresh := x.seen.add(next)
			if fresh {
				x.parent.add(int32(n))
			}
			x.next.add(int32(to))
		}
	}
	x.ranges.add(int32(x.next.count))
	x.Transitions += taken
	x.Spared += enabled - taken
}

// noting returns a part that only notes something in one of its steps, and the index of that step; nil if there is none.
func (x *search) noting(at []int32) (*part, int) {
	for i, p := range x.parts {
		if c := p.configs.at[at[i]]; c.noting >= 0 && !x.noNotes {
			return p, int(c.noting)
		}
	}
	return nil, -1
}

func (x *search) end(n int, at []int32) {
	x.Result.Ends++
	v := View{x.system, slices.Clone(at)}
	if x.Options.Ends != nil {
		x.Options.Ends(v)
	}
	if x.model.End == nil {
		return
	}
	if why := x.model.End(v); why != "" {
		x.Violation = x.violation(n, nil, nil)
		x.Violation.Why = "nothing more can happen: " + why
	}
}
