// Package exploration is the model of one order, for shared/saga/explore: its machines, the possible answers of the outside
// world, the ways in which an order may begin, and the invariants of each step and of the end. Each service declares its
// share in its package model; this package combines them. The orderflow command explores it, and prints the findings.
//
// Machines that only observe are left out: the projections for customers and products, and the catalogue. The storefront's
// three events are in the roots: requests of the customer may arrive at any time after the order.
package exploration

import (
	"maps"
	"slices"

	"orderflow.example/services/platform/services"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/audit"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/model"
)

// Left lists the machines that are not explored: they only observe, or have another key than the order.
func Left() (names []string) {
	for _, app := range services.All {
		names = append(names, app.Model.Left...)
	}
	return names
}

// Machines returns the explored machines, as the services declare them.
func Machines() (all []*saga.Machine) {
	for _, app := range services.All {
		for _, m := range app.Model.Machines {
			all = append(all, m.Machine)
		}
	}
	return all
}

// Deciders are the machines without those that keep books of what the others did, which nobody waits for.
func Deciders() (all []*saga.Machine) {
	for _, app := range services.All {
		if app.Model.Role == audit.Invoices || app.Model.Role == audit.Books {
			continue
		}
		for _, m := range app.Model.Machines {
			all = append(all, m.Machine)
		}
	}
	return all
}

// Listeners returns the machines that only listen, as the services declare them.
func Listeners() (all []*saga.Machine) {
	for _, app := range services.All {
		for _, m := range app.Model.Listeners {
			all = append(all, m.Machine)
		}
	}
	return all
}

// Model returns the model of one order, run by the machines from each of the scenes. A machine replaces the one with its
// name, and takes over the rest of that one's model.
func Model(machines []*saga.Machine, scenes []model.Scene) explore.Model {
	m := explore.Model{Key: model.Order, Outside: outside(), End: end}
	for _, s := range scenes {
		m.Roots = append(m.Roots, root(s))
	}
	for _, app := range services.All {
		for _, part := range slices.Concat(app.Model.Machines, app.Model.Listeners) {
			i := slices.IndexFunc(machines, func(m *saga.Machine) bool { return m.String() == part.String() })
			if i >= 0 {
				part.Machine = machines[i]
				m.Machines = append(m.Machines, part)
			}
		}
	}
	return m
}

// outside returns all external systems. One that several services call is listed once.
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

// both acts as the service's model does that asks; by itself as the model whose service it tells.
func both(a, b explore.Outside) explore.Outside {
	whole := a
	whole.Act = func(state any, question string, asked saga.Event) []explore.Outcome {
		byItself := question == "" && len(b.Tells) > 0
		if byItself || slices.Contains(b.Asked, question) {
			return b.Act(state, question, asked)
		}
		return a.Act(state, question, asked)
	}
	if whole.Before == nil {
		whole.Before = b.Before
	}
	whole.Asked, whole.Tells = slices.Concat(a.Asked, b.Asked), slices.Concat(a.Tells, b.Tells)
	return whole
}

// root converts a scene to a root of the exploration.
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

// Heard returns the model of an order with one who only listens to it. What others only note matters to those who hear of it in
// some order, so nothing counts as a note.
func Heard(listener *saga.Machine, scenes []model.Scene) explore.Model {
	m := Model(append(Machines(), listener), scenes)
	for i := range m.Machines {
		m.Machines[i].Notes = nil
	}
	return m
}

// heardScenes are those of Heard: what customers are told of happens in them.
func heardScenes() (scenes []model.Scene) {
	for _, cancels := range []bool{false, true} {
		for _, returns := range []string{"", "all"} {
			scenes = append(scenes,
				model.Scene{Stock: "enough", Fill: "fill_all", Customer: "trusted", Cancels: cancels, Returns: returns})
		}
		scenes = append(scenes, model.Scene{Stock: "enough", Fill: "fill_available", Customer: "trusted", Cancels: cancels})
	}
	return scenes
}

// variants are the models in which a service decides by rules other than the default.
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

// All returns the models of an order: by the default rules, all variants, and with each who only listens.
func All() []explore.Model {
	plain, more := Apart()
	all := append([]explore.Model{Model(Machines(), Scenes())}, variants()...)
	all = append(all, Model(Machines(), plain), Model(Deciders(), more))
	for _, listener := range Listeners() {
		m := Heard(listener, heardScenes())
		for i := range m.Roots {
			m.Roots[i].Name += ", and " + listener.String() + " listens"
		}
		all = append(all, m)
	}
	return all
}

// Of returns the model with this root; the first one if none has it.
func Of(root string) explore.Model {
	all := All()
	for _, m := range all {
		if slices.ContainsFunc(m.Roots, func(r explore.Root) bool { return r.Name == root }) {
			return m
		}
	}
	return all[0]
}
