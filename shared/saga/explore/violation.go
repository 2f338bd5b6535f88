package explore

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Violation is a violated rule, and the steps that led to it.
type Violation struct {
	Root  string `json:"root"`
	Steps []Step `json:"steps"`
	Why   string `json:"why"`
}

// Step is one step. Part, Form, Event and Choice are enough to find it again.
type Step struct {
	Part   string `json:"part"`
	Form   string `json:"form"`             // hears, answered, expires or asked
	Event  string `json:"event"`            // its id
	Choice string `json:"choice,omitempty"` // the outside's outcome, of several
	Words  string `json:"words"`
}

// String formats the violation for people.
func (v *Violation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Root: %s\n", v.Root)
	for i, s := range v.Steps {
		fmt.Fprintf(&b, "%3d. %s\n", i+1, s.Words)
	}
	fmt.Fprintf(&b, "%3d. %s\n", len(v.Steps)+1, v.Why)
	return b.String()
}

// move is a step of a part.
type move struct {
	p  *part
	st *step
}

// way is the path of the exploration to a state: its root, and the moves.
func (x *search) way(n int) (root int, moves []move) {
	next := make([]int32, len(x.parts))
	for x.parent.one(n) >= 0 {
		before := int(x.parent.one(n))
		moves = append(moves, x.between(before, n, next))
		n = before
	}
	slices.Reverse(moves)
	return int(-1 - x.parent.one(n)), moves
}

// between finds the move that leads from one state to another.
func (x *search) between(before, n int, next []int32) move {
	at := slices.Clone(x.seen.get(before))
	want := x.seen.get(n)
	for _, p := range x.parts {
		steps := x.expand(p, at[p.i])
		for i := range steps {
			if steps[i].did.wrong != "" {
				continue
			}
			if x.after(at, p, &steps[i], next); slices.Equal(next, want) {
				return move{p, &steps[i]}
			}
		}
	}
	panic("explore: no step leads from a state to one that followed from it")
}

// violation returns the path to state n and the faulty step there; none where the state itself is wrong.
func (x *search) violation(n int, p *part, st *step) *Violation {
	root, moves := x.way(n)
	v := &Violation{Root: x.model.Roots[root].Name}
	if st != nil {
		moves = x.needed(root, append(moves, move{p, st}))
		v.Why = st.did.wrong
	}
	for _, m := range moves {
		v.Steps = append(v.Steps, x.tell(m))
	}
	return v
}

// needed removes the moves without which the last one can still be made.
func (x *search) needed(root int, moves []move) []move {
	for i := len(moves) - 2; i >= 0; i-- {
		if fewer := slices.Delete(slices.Clone(moves), i, i+1); x.possible(root, fewer) {
			moves = fewer
		}
	}
	return moves
}

// possible makes the moves again from the root on. The last must be as wrong as it was.
func (x *search) possible(root int, moves []move) bool {
	at := x.begin(x.model.Roots[root])
	for i, m := range moves {
		steps := x.expand(m.p, at[m.p.i])
		j := slices.IndexFunc(steps, func(st step) bool { return st.input == m.st.input && st.choice == m.st.choice })
		if j < 0 {
			return false
		}
		if i == len(moves)-1 {
			moves[i].st = &steps[j]
			return steps[j].did.wrong == m.st.did.wrong
		}
		if steps[j].did.wrong != "" {
			return false
		}
		x.after(slices.Clone(at), m.p, &steps[j], at)
	}
	return false
}

func (x *search) goesRound(states []int32) *Violation {
	v := x.violation(int(states[0]), nil, nil)
	next := make([]int32, len(x.parts))
	for i, n := range states[1:] {
		v.Steps = append(v.Steps, x.tell(x.between(int(states[i]), int(n), next)))
	}
	v.Why = fmt.Sprintf("the last %d steps can be repeated for ever", len(states)-1)
	return v
}

// tell describes a move in words.
func (s *system) tell(m move) Step {
	in := s.inputs.at[m.st.input]
	e := s.events.at[in.event]
	st := Step{Part: m.p.name, Form: forms[in.form], Event: e.ID, Choice: m.st.did.choice()}
	follows := s.follows(m)
	switch in.form {
	case heard:
		st.Words = fmt.Sprintf("%s hears %s", m.p.name, bare(e.Type))
		if in.words != "" {
			st.Words += " (" + in.words + ")"
		}
		st.Words += follows
	case answered:
		st.Words = fmt.Sprintf("%s hears that %s%s", m.p.name, in.words, follows)
	case expired:
		since := m.p.machine.DeadlineOf(e.Type)
		after := duration(since.After) + " after"
		if since.TellsWhen() {
			after = "at the time of"
		}
		st.Words = fmt.Sprintf("%s: %s %s%s", m.p.name, after, own(m.p.machine.Service, e.Type), follows)
	case asked:
		st.Words = fmt.Sprintf("%s %s (asked by %s)", m.p.own.Name, m.st.did.does, cmp.Or(in.words, bare(e.Type)))
		if m.p.machine != nil && len(m.p.machine.QuestionOf(e.Type).Unless) == 0 {
			st.Words += "; " + m.p.name + follows
		}
	}
	if knows := m.st.did.knows; knows != "" {
		st.Words += " (" + knows + ")"
	}
	return st
}

// choice distinguishes a reaction from the others to the same input.
func (r *reaction) choice() string {
	if r.does != "" && r.knows != "" {
		return r.does + "; " + r.knows
	}
	return r.does + r.knows
}

// follows lists the events that a machine emits in a move.
func (s *system) follows(m move) string {
	if m.p.machine == nil {
		return ""
	}
	var names []string
	for _, n := range m.st.did.says {
		names = append(names, own(m.p.machine.Service, s.events.at[n].Type))
	}
	if len(names) == 0 {
		return " → nothing"
	}
	return " → " + strings.Join(names, ", ")
}
