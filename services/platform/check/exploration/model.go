// Package exploration is the model of one order, for shared/saga/explore: which machines take part, what the outside
// world may do, in which ways an order may begin, and what must hold at each step and at the end. Each service says that of
// itself, in its package model; here it is put together. The orderflow command explores it, and prints what was found.
//
// What only watches is left out: what customers and products are shown, and the catalogue. The storefront's three
// events stand in the roots: what a customer wants may be heard at any time after the order.
package exploration

import (
	"maps"
	"slices"

	"orderflow.example/services/platform/services"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/model"
)

// Left lists the machines that are not explored: they only watch, or have another key than the order.
func Left() (names []string) {
	for _, app := range services.All {
		names = append(names, app.Model.Left...)
	}
	return names
}

// Machines are those that take part, as the services declare them.
func Machines() (all []*saga.Machine) {
	for _, app := range services.All {
		for _, m := range app.Model.Machines {
			all = append(all, m.Machine)
		}
	}
	return all
}

// Model is one order, carried out by the machines, from each of the scenes on. A machine takes the place of the one with
// its name, about which everything else holds of it as well.
func Model(machines []*saga.Machine, scenes []model.Scene) explore.Model {
	m := explore.Model{Key: model.Order, Outside: outside(), End: end}
	for _, s := range scenes {
		m.Roots = append(m.Roots, root(s))
	}
	for _, app := range services.All {
		for _, part := range app.Model.Machines {
			i := slices.IndexFunc(machines, func(m *saga.Machine) bool { return m.String() == part.String() })
			if i >= 0 {
				part.Machine = machines[i]
				m.Machines = append(m.Machines, part)
			}
		}
	}
	return m
}

// outside is everybody outside. Whom several services ask is one.
func outside() (all []explore.Outside) {
	for _, app := range services.All {
		for _, o := range app.Model.Outside {
			i := slices.IndexFunc(all, func(other explore.Outside) bool { return other.Name == o.Name })
			if i < 0 {
				all = append(all, o)
			} else {
				all[i] = both(all[i], o)
			}
		}
	}
	return all
}

func both(a, b explore.Outside) explore.Outside {
	act := a.Act
	a.Act = func(state any, question string, asked saga.Event) []explore.Outcome {
		if slices.Contains(b.Asked, question) {
			return b.Act(state, question, asked)
		}
		return act(state, question, asked)
	}
	a.Asked = slices.Concat(a.Asked, b.Asked)
	return a
}

// root is a scene as it is explored.
func root(s model.Scene) explore.Root {
	r := explore.Root{Name: s.String(), States: map[string]any{}}
	for _, app := range services.All {
		if app.Model.Start != nil {
			maps.Copy(r.States, app.Model.Start(s))
		}
		if app.Model.Told != nil {
			r.Told = append(r.Told, app.Model.Told(s)...)
		}
	}
	return r
}

// variants are the models in which a service decides by other rules than the default.
func variants() (all []explore.Model) {
	for _, app := range services.All {
		for _, v := range app.Model.Variants {
			machines := Machines()
			machines[slices.IndexFunc(machines, func(m *saga.Machine) bool { return m.String() == v.Machine.String() })] = v.Machine
			all = append(all, Model(machines, v.Scenes))
		}
	}
	return all
}

// All are the models of an order: by the rules as they are by default, and by the others there are.
func All() []explore.Model {
	return append([]explore.Model{Model(Machines(), Scenes())}, variants()...)
}

// Of is the model with this root; the first one where none has it.
func Of(root string) explore.Model {
	all := All()
	for _, m := range all {
		if slices.ContainsFunc(m.Roots, func(r explore.Root) bool { return r.Name == root }) {
			return m
		}
	}
	return all[0]
}
