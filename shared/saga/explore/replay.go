package explore

import (
	"fmt"
	"slices"
)

// Frame is one moment of a replay.
type Frame struct {
	Step  Step   // what led here; empty at the beginning
	State string // all states, and the inputs in flight
}

// Replay makes the steps of a counter-example again, on a model that may have changed since, and tells the violation at
// its end, also when events are heard again there; "" if there is none. An error means that a step cannot be made, which
// is one way of being repaired.
func Replay(m Model, v Violation) (frames []Frame, why string, err error) {
	s := newSystem(m)
	i := slices.IndexFunc(m.Roots, func(r Root) bool { return r.Name == v.Root })
	if i < 0 {
		return nil, "", fmt.Errorf("there is no root %q", v.Root)
	}
	at := s.begin(m.Roots[i])
	heardBy := make([][]int32, len(s.parts))
	next := slices.Clone(at)
	frames = append(frames, Frame{State: View{s, slices.Clone(at)}.String()})
	for n, want := range v.Steps {
		made, ok := s.find(at, want)
		if !ok {
			return frames, "", fmt.Errorf("step %d cannot be made: %s", n+1, want.Words)
		}
		f := Frame{Step: s.tell(made)}
		if made.st.did.wrong != "" {
			return append(frames, f), made.st.did.wrong, nil
		}
		if s.record(made.st.input) {
			heardBy[made.p.i] = append(heardBy[made.p.i], made.st.input)
		}
		s.after(at, made.p, made.st, next)
		copy(at, next)
		f.State = View{s, slices.Clone(at)}.String()
		frames = append(frames, f)
	}
	if over := !slices.ContainsFunc(s.parts, func(p *part) bool { return len(s.expand(p, at[p.i])) > 0 }); over && m.End != nil {
		if why := m.End(View{s, at}); why != "" {
			return frames, "nothing more can happen: " + why, nil
		}
	}
	for i, p := range s.parts {
		for _, in := range heardBy[i] {
			if why := s.repeated(p, p.configs.at[at[i]].local, in); why != "" {
				return frames, why, nil
			}
		}
	}
	return frames, "", nil
}

// find returns the step, if it can be made.
func (s *system) find(at []int32, want Step) (move, bool) {
	for i, p := range s.parts {
		steps := s.expand(p, at[i])
		for j := range steps {
			got := s.tell(move{p, &steps[j]})
			if got.Part == want.Part && got.Form == want.Form && got.Event == want.Event && got.Choice == want.Choice {
				return move{p, &steps[j]}, true
			}
		}
	}
	return move{}, false
}
