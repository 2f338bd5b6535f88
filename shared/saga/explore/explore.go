package explore

import "slices"

// Options say how to explore.
type Options struct {
	All      bool             // every step of every part in every order, without the reduction
	Limit    int              // states to give up at; 0: 50 million
	Progress func(states int) // told now and then
	Ends     func(View)       // told each state in which nothing more can happen
}

// Result is what was found. It is the same in every exploration of a model, but for how long it took.
type Result struct {
	Roots       int
	States      int
	Transitions int
	Spared      int // steps that were not tried in a state, because the order does not matter
	Depth       int // the most steps to a state, each reached in the fewest
	Ends        int // states in which nothing more can happen
	Parts       []PartResult
	Unfinished  bool // the limit was reached
	Violation   *Violation
}

// PartResult tells what was seen of one part.
type PartResult struct {
	Name   string
	States int // what it may know
	Steps  int // and take in, knowing that
}

const defaultLimit = 50_000_000

// search is one exploration.
type search struct {
	*system
	Options
	seen   *set
	parent []int32 // of each state; -1-root of the roots
	next   []int32 // the states after each, one list after the other
	ranges []int   // where each state's list ends
	Result
}

// Explore tries everything. It stops at the first thing that is wrong, which breadth-first is among the nearest.
func Explore(m Model, o Options) Result {
	x := &search{system: newSystem(m), Options: o}
	x.seen = newSet(len(x.parts))
	if x.Limit == 0 {
		x.Limit = defaultLimit
	}
	x.Roots = len(m.Roots)
	for i, root := range m.Roots {
		if _, fresh := x.seen.add(x.begin(root)); fresh {
			x.parent = append(x.parent, int32(-1-i))
		}
	}
	x.run()
	if x.Violation == nil && !x.Unfinished {
		x.findCycle()
	}
	if x.Violation == nil && !x.Unfinished {
		x.hearAgain()
	}
	x.States = x.seen.len()
	for _, p := range x.parts {
		r := PartResult{Name: p.name, States: len(p.locals.at)}
		for _, list := range p.reacted {
			r.Steps += len(list)
		}
		x.Parts = append(x.Parts, r)
	}
	return x.Result
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
	parts := x.parts
	enabled := 0
	for i, p := range parts {
		enabled += len(x.expand(p, at[i]))
	}
	if enabled == 0 {
		x.end(n, at)
	}
	if !x.All {
		if p := x.alone(at); p != nil {
			parts = parts[p.i : p.i+1]
		}
	}
	taken := 0
	for _, p := range parts {
		steps := x.expand(p, at[p.i])
		taken += len(steps)
		for i := range steps {
			if st := &steps[i]; st.did.wrong != "" {
				x.Violation = x.violation(n, p, st)
				return
			}
			x.after(at, p, &steps[i], next)
			to, fresh := x.seen.add(next)
			if fresh {
				x.parent = append(x.parent, int32(n))
			}
			x.next = append(x.next, int32(to))
		}
	}
	x.ranges = append(x.ranges, len(x.next))
	x.Transitions += taken
	x.Spared += enabled - taken
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

// after lists the states that follow one.
func (x *search) following(n int) []int32 {
	start := 0
	if n > 0 {
		start = x.ranges[n-1]
	}
	return x.next[start:x.ranges[n]]
}

// findCycle looks for a saga that goes on for ever: what is left when states that nothing leads to are taken away,
// one after the other.
func (x *search) findCycle() {
	leads := make([]int32, x.seen.len())
	for _, to := range x.next {
		leads[to]++
	}
	var free []int32
	for n, count := range leads {
		if count == 0 {
			free = append(free, int32(n))
		}
	}
	for done := 0; done < len(free); done++ {
		for _, to := range x.following(int(free[done])) {
			if leads[to]--; leads[to] == 0 {
				free = append(free, to)
			}
		}
	}
	if len(free) == len(leads) {
		return
	}
	// What is left is a round, or follows from one: going back from any of it, one comes into the round.
	from := map[int32]int32{}
	for n := range leads {
		for _, to := range x.following(n) {
			if leads[n] > 0 && leads[to] > 0 {
				from[to] = int32(n)
			}
		}
	}
	met := map[int32]int{}
	var way []int32
	for at := int32(slices.IndexFunc(leads, func(count int32) bool { return count > 0 })); ; at = from[at] {
		if first, again := met[at]; again {
			way = append(way[first:], at)
			slices.Reverse(way)
			x.Violation = x.goesRound(way)
			return
		}
		met[at] = len(way)
		way = append(way, at)
	}
}
