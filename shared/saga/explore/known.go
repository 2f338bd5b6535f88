package explore

import (
	"maps"
	"slices"
	"strings"

	"orderflow.example/shared/saga"
)

// A record that a machine looks up is about another key, from a saga that is not explored, and may have been emitted at
// any time: no order is guaranteed between the two. So each decision may find nothing, or any event that the model lists,
// whatever it found before.

// knowing is a machine that finds one thing for each event type it looks up, or nothing.
type knowing struct {
	*saga.Machine
	looked map[string]any // the types looked up since the last call, and the results
}

// knowings are all combinations of lookup results that a machine may get; the first finds nothing.
func (m *Machine) knowings() (list []*knowing) {
	found := []map[string]any{{}}
	for _, k := range m.Knows() {
		var with []map[string]any
		for _, e := range m.Known {
			if e.Type != k.Name() {
				continue
			}
			for _, f := range found {
				more := maps.Clone(f)
				more[k.Name()] = e.Data
				with = append(with, more)
			}
		}
		if len(with) == 0 {
			panic("explore: " + m.String() + " looks up " + k.Name() + ", and the model says nothing that it may find")
		}
		found = append(found, with...)
	}
	for _, f := range found {
		k := &knowing{}
		k.Machine = m.Knowing(func(known saga.Kind, _ string) any {
			if k.looked == nil {
				k.looked = map[string]any{}
			}
			k.looked[known.Name()] = f[known.Name()]
			return f[known.Name()]
		})
		list = append(list, k)
	}
	return list
}

// words describes the results of the lookups; "" if there was no lookup.
func (k *knowing) words() string {
	var list []string
	for name, found := range k.looked {
		if found == nil {
			list = append(list, "nothing is known of "+bare(name))
		} else {
			list = append(list, bare(name)+" is known as "+text(found))
		}
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// runs lets the machine consume one input, once for each possible result of its lookups.
func (s *system) runs(p *part, l local, x input, answer any) (list []reaction) {
	for _, k := range p.knows {
		k.looked = nil
		r := s.run(p, k, l, x, answer)
		r.knows = k.words()
		if !slices.ContainsFunc(list, func(other reaction) bool { return other.knows == r.knows }) {
			list = append(list, r)
		}
		if len(k.looked) == 0 {
			break // it made no lookup: other results change nothing
		}
	}
	return list
}
