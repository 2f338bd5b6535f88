package explore

import (
	"fmt"
	"slices"
	"strings"

	"orderflow.example/shared/saga"
)

// hearAgain redelivers to each machine, in each place it was seen in, every event it had consumed by then: no state may
// change, no call and no deadline may follow. The events are gathered over all ways there, so that no order is missed.
func (x *search) hearAgain() {
	for _, p := range x.parts {
		if p.machine == nil {
			continue
		}
		heardBy := x.heardBy(p)
		for at, inputs := range heardBy {
			for _, in := range inputs {
				if why := x.repeated(p, int32(at), in); why != "" {
					x.Violation = x.againViolation(p, int32(at), in, why)
					return
				}
			}
		}
	}
}

// heardBy gathers, for each state that the part may have, the events it had consumed by then, sorted.
func (x *search) heardBy(p *part) [][]int32 {
	by := make([][]int32, len(p.locals.at))
	type edge struct{ to, heard int32 }
	edges := make([][]edge, len(by))
	for key, list := range p.reacted {
		in := int32(-1)
		if x.record(key.input) {
			in = key.input
		}
		for _, r := range list {
			if r.wrong == "" {
				edges[key.local] = append(edges[key.local], edge{r.next, in})
			}
		}
	}
	for changed := true; changed; {
		changed = false
		for from := range edges {
			for _, e := range edges[from] {
				for _, in := range append([]int32{e.heard}, by[from]...) {
					if i, known := slices.BinarySearch(by[e.to], in); !known && in >= 0 {
						by[e.to] = slices.Insert(by[e.to], i, in)
						changed = true
					}
				}
			}
		}
	}
	return by
}

// record tells whether an input is on a topic, and so may be redelivered. A command given again is another one.
func (s *system) record(in int32) bool {
	input := s.inputs.at[in]
	return input.form == heard && strings.Contains(s.events.at[input.event].Type, ".")
}

// repeated tells what is wrong with redelivering an input, whatever was consumed by then; "" if nothing.
func (s *system) repeated(p *part, at, in int32) string {
	for _, k := range p.knows {
		if why := s.repeatedKnowing(p, k, at, in); why != "" {
			return why
		}
	}
	return ""
}

func (s *system) repeatedKnowing(p *part, k *knowing, at, in int32) string {
	l := p.locals.at[at]
	e := s.events.at[s.inputs.at[in].event]
	got, err := k.decide(l.state, heard, e, nil, func(out *saga.Event) { out.ID, out.Time = "again", always })
	why := ""
	switch {
	case err != nil:
		why = strings.SplitN(err.Error(), "\n", 2)[0]
	case text(p.same(got.State)) != text(l.state):
		why = fmt.Sprintf("then it is %s, not %s", text(p.same(got.State)), text(l.state))
	case len(got.Asks) > 0:
		why = "it asks again: " + bare(got.Asks[0].Type)
	case len(got.Armed) > 0:
		why = "its deadline runs again: " + bare(got.Armed[0].Type)
	default:
		return ""
	}
	return fmt.Sprintf("%s hears %s again: %s", p.name, bare(e.Type), why)
}

// againViolation looks for a way on which the part consumed the input and reached its state there.
func (x *search) againViolation(p *part, at, in int32, why string) *Violation {
	for n := range x.seen.len() {
		if p.configs.at[x.seen.get(n)[p.i]].local != at {
			continue
		}
		if _, moves := x.way(n); slices.ContainsFunc(moves, func(m move) bool { return m.p == p && m.st.input == in }) {
			v := x.violation(n, nil, nil)
			v.Why = why
			return v
		}
	}
	return &Violation{Root: "any", Why: why + " (on a way that was not kept)"}
}
