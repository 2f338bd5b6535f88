package explore

import (
	"fmt"
	"slices"
	"strings"

	"orderflow.example/shared/saga"
)

// Walk goes one way through a model, of all that Explore tries: its caller chooses each step.
type Walk struct {
	s  *system
	at []int32
}

// Possible is a step that may be taken.
type Possible struct {
	Step
	Machine *saga.Machine // the machine that decides; where an outside party acts: the one that asks
	Who     string        // of heard: a description of the sender. Of answered: the act of the outside
	On      saga.Event    // the event heard, or the own event that asked or that the deadline runs from
	Says    []saga.Event
	Silent  bool   // the outside does not answer, or its answer is lost
	Wrong   string // the violation, empty for none: it cannot be taken

	move move
}

// NewWalk returns a walk at the beginning of the root.
func NewWalk(m Model, root string) (*Walk, error) {
	s := newSystem(m)
	i := slices.IndexFunc(m.Roots, func(r Root) bool { return r.Name == root })
	if i < 0 {
		return nil, fmt.Errorf("there is no root %q", root)
	}
	return &Walk{s, s.begin(m.Roots[i])}, nil
}

// Possible lists the steps that may be taken now.
func (w *Walk) Possible() (list []Possible) {
	for i, p := range w.s.parts {
		steps := w.s.expand(p, w.at[i])
		for j := range steps {
			m := move{p, &steps[j]}
			in := w.s.inputs.at[m.st.input]
			one := Possible{Step: w.s.tell(m), Who: in.words, On: w.s.events.at[in.event], Wrong: m.st.did.wrong, move: m}
			if p.machine != nil {
				one.Machine = p.machine.Machine
			}
			if in.form == asked {
				one.Who = p.own.Name + " " + m.st.did.does
				one.Silent = m.st.did.does == neverAnswers || strings.HasSuffix(m.st.did.does, answerLost)
				one.Machine = w.s.parts[in.from].machine.Machine
			}
			for _, n := range m.st.did.says {
				one.Says = append(one.Says, w.s.events.at[n])
			}
			list = append(list, one)
		}
	}
	return list
}

// Take takes one of the steps that are possible.
func (w *Walk) Take(p Possible) {
	next := slices.Clone(w.at)
	w.s.after(w.at, p.move.p, p.move.st, next)
	w.at = next
}

// View returns the current state.
func (w *Walk) View() View { return View{w.s, slices.Clone(w.at)} }
