package explore

import (
	"maps"
	"slices"
	"strings"

	"orderflow.example/shared/saga"
)

// What a machine looks up was said about another key, by a saga that is not explored, at any time: no order is promised
// between the two. So each decision may find nothing, or any of what the model says it may find, whatever it found before.

// knowing is a machine that finds one thing for each event type it looks up, or nothing.
type knowing struct {
	*saga.Machine
	looked map[string]any // at which types since it was last asked, and what it found
}

// knowings are all a machine may find together; the first finds nothing.
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

// words tell what was found where the machine looked; "" where it did not look.
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

// runs lets the machine take in one input, with each thing that it may find meanwhile.
func (s *system) runs(p *part, l local, x input, answer any) (list []reaction) {
	for _, k := range p.knows {
		k.looked = nil
		r := s.run(p, k, l, x, answer)
		r.knows = k.words()
		if !slices.ContainsFunc(list, func(other reaction) bool { return other.knows == r.knows }) {
			list = append(list, r)
		}
		if len(k.looked) == 0 {
			break // nor would it look with anything else to find
		}
	}
	return list
}
