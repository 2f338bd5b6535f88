package tracker

import (
	"slices"

	"orderflow.example/schemas/order"
	"orderflow.example/shared/saga"
)

// Ahead is a step that the services declare for the way from where a saga is to its completion.
type Ahead struct {
	Service string   `json:"service"`
	On      string   `json:"on"`
	Form    string   `json:"form"` // on, call or decision
	Emits   []string `json:"emits"`
}

// completed is where a saga goes to if nothing fails.
var completed = order.Completed.Name()

// ahead lists the steps from what is owed to a saga to its completion, the next ones first. What fails it, and what does not lead
// there, is left out; so is everything once it has ended or is being undone.
func (x *Index) ahead(t Saga) []Ahead {
	steps := []Ahead{}
	if t.EndedAt != nil || t.State == cancelling {
		return steps
	}
	said := map[string]bool{}
	for _, e := range t.Events {
		said[e.Type] = true
	}
	done := map[string]bool{}
	var on []string
	take := func(service, heard string) {
		for _, step := range x.stepsOf(service, heard) {
			step.Emits = slices.DeleteFunc(step.Emits, func(name string) bool { return said[name] || !x.leads(name) })
			if len(step.Emits) > 0 && !done[step.Service+" "+step.On] {
				done[step.Service+" "+step.On] = true
				steps, on = append(steps, step), append(on, step.Emits...)
			}
		}
	}
	for _, o := range t.Obligations {
		if o.Kind == KindReaction || o.Kind == KindCall || o.Kind == KindDecision {
			take(o.Service, o.On)
		}
	}
	for ; len(on) > 0; on = on[1:] {
		k := x.kinds[x.kind(on[0])]
		take(x.names[k.service], on[0]) // its own service asks outside, or reacts
		for _, h := range k.hears {
			take(x.names[h.service], on[0])
		}
	}
	return steps
}

// stepsOf are what a service may do on an event, with what it may emit but for what fails the saga.
func (x *Index) stepsOf(service, on string) (steps []Ahead) {
	k := x.kinds[x.kind(on)]
	if k.decides != nil && x.names[k.service] == service {
		steps = append(steps, Ahead{service, on, KindDecision, x.without(k.decides)})
	}
	for _, r := range x.reactions[on] {
		if r.service == service && len(r.row.Undoes) == 0 {
			steps = append(steps, Ahead{service, on, r.row.Form.String(), x.without(r.row)})
		}
	}
	return steps
}

func (x *Index) without(r *saga.Row) (names []string) {
	for _, k := range r.Emits {
		if !x.fails[k.Name()] {
			names = append(names, k.Name())
		}
	}
	return names
}

// leads tells whether an event leads to the completion of a saga.
func (x *Index) leads(name string) bool { return x.onTheWay[name] }

// way finds the events that lead to the completion: those on which some service may emit one that does.
func (x *Index) way(machines []*saga.Machine) {
	x.reactions, x.fails, x.onTheWay = map[string][]reacts{}, map[string]bool{}, map[string]bool{completed: true}
	for _, m := range machines {
		for _, k := range m.Failed {
			x.fails[k.Name()] = true
		}
		for i := range m.Rows {
			if r := &m.Rows[i]; !saga.IsCommand(r.On) && (r.Form == saga.Reaction || r.Form == saga.Calling) {
				x.reactions[r.On.Name()] = append(x.reactions[r.On.Name()], reacts{m.Service, r})
			}
		}
	}
	for more := true; more; {
		more = false
		for on := range x.reactions {
			if x.fails[on] || x.onTheWay[on] {
				continue
			}
			if x.emitsOnTheWay(on) {
				x.onTheWay[on], more = true, true
			}
		}
	}
}

func (x *Index) emitsOnTheWay(on string) bool {
	return slices.ContainsFunc(x.reactions[on], func(r reacts) bool {
		return len(r.row.Undoes) == 0 && slices.ContainsFunc(x.without(r.row), x.leads)
	})
}

// reacts is a row of a service.
type reacts struct {
	service string
	row     *saga.Row
}
