package engine

import (
	"fmt"
	"slices"

	"orderflow.example/shared/saga"
)

// isFor tells whether the machine decides on the input. A record of the service's own topic is for the machines that consume it,
// and never for the one that emitted it, which reacted to it in that transaction. An answer or a deadline, which follows from an
// own event, is for the machine that emitted the event.
func (in *input) isFor(m *saga.Machine) bool {
	name := in.event.Type
	switch in.form {
	case event, command:
		return m.Takes(name)
	}
	return m.Emits(name) || m.QuestionOf(name) != nil || m.DeadlineOf(name) != nil
}

// loopbacks refuses rows that would never run: on an event of the own service that no machine emits, and calls and deadlines
// on an event that another machine emits.
func loopbacks(m *saga.Machine, bindings []Binding) error {
	for _, name := range m.Loopbacks() {
		if !slices.ContainsFunc(bindings, func(b Binding) bool { return b.Machine.Emits(name) }) {
			return fmt.Errorf("engine: %s consumes %s, which no machine of its service emits", m, name)
		}
	}
	for _, r := range m.Rows {
		name := r.On.Name()
		if (r.Form != saga.Calling && r.Form != saga.Deadline) || m.Emits(name) {
			continue
		}
		if slices.ContainsFunc(bindings, func(b Binding) bool { return b.Machine.Emits(name) }) {
			return fmt.Errorf("engine: %s has a row of the form %s on %s, which another machine of the service emits: only the machine "+
				"that emits an event can call or set a deadline on it", m, r.Form, name)
		}
	}
	return nil
}

// versions finds an event that machines of one service know in two versions: a record is read once for all of them.
func versions(m *saga.Machine, bindings []Binding) error {
	for _, r := range m.Rows {
		for _, o := range r.On.Older() {
			for _, b := range bindings {
				if k := b.Machine.Kind(o.Name()); k != nil && k.Name() == o.Name() {
					return fmt.Errorf("engine: %s knows %s, which %s takes in as %s: let both know that", b.Machine, o.Name(), m, r.On.Name())
				}
			}
		}
	}
	return nil
}
