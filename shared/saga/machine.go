package saga

import (
	"fmt"
	"reflect"
	"runtime/debug"
	"slices"
)

// Machine runs one choreography, one step at a time, without side effects.
type Machine struct {
	Service string
	Key     Key
	Also    []Key
	Failed  []Kind
	Final   []Kind
	Rows    []Row
	Series  []Series

	blank   func(key string) any
	evolve  func(state any, e Event) any
	heard   map[string][]*Row // reactions and projections by the event consumed
	asked   map[string]*Row   // calls by the own event that starts them
	since   map[string]*Row   // deadlines by the own event they run from
	drops   map[string][]*Row // calls by the own events that give them up
	settles map[string][]*Row // deadlines by the own events that settle them
	kinds   map[string]Kind
	look    Look
	knows   []Kind // looked up
	spreads bool   // shows events in states of several keys
	says    map[string]bool
}

// Step is the result of one input.
type Step struct {
	State   any
	Emitted []Event  // in the order decided, stamped
	Asks    []Event  // those of Emitted that start a call
	Dropped []string // names of own events whose open calls, for this key, are given up
	Armed   []Event  // those of Emitted from which a deadline runs
	Settled []string // names of own events whose open deadlines, for this key, are settled
	Reacted bool     // whether any row matched
	Changed bool     // whether an event was folded into the state, or shown in it
}

// Stamp gives an emitted event its id, its time and, by Machine.Number, its number. Key, Saga and Cause are already set.
type Stamp func(*Event)

// maxCascade bounds how deep own events may follow from one another: more means a loop in the declaration.
const maxCascade = 20

// Blank is the state of a new key.
func (m *Machine) Blank(key string) any { return m.blank(key) }

// Evolve folds one own event into the state. Replays use nothing else.
func (m *Machine) Evolve(state any, own Event) any { return m.evolve(state, own) }

// Fold is Evolve for those who read the machine's topic, where some of its events are about keys of which it has no state: it
// tells whether there is one after this event.
func (m *Machine) Fold(state any, own Event) (after any, kept bool) {
	after = m.evolve(state, own)
	if m.Key != "" && !m.KeptUnder(m.kinds[own.Type].KeyedBy()) {
		return after, false
	}
	return after, !reflect.DeepEqual(after, state) || !reflect.DeepEqual(state, m.blank(own.Key))
}

// Show folds a consumed event into the projection.
func (m *Machine) Show(state any, e Event) any {
	for _, r := range m.heard[e.Type] {
		if r.Form == Projection {
			state = r.show(state, e.Data, e.Time)
		}
	}
	return state
}

// Shows tells whether the machine has a projection of this event.
func (m *Machine) Shows(name string) bool {
	return slices.ContainsFunc(m.heard[name], func(r *Row) bool { return r.Form == Projection })
}

// Hear runs the reactions to a consumed event, or to a command. An error means that this machine cannot process the event, now or
// later.
func (m *Machine) Hear(state any, e Event, stamp Stamp) (Step, error) {
	return m.run(state, e, stamp, m.heard[e.Type])
}

// Answer runs the reaction to the answer (the A of Question[E, A]) to the call that the own event started.
func (m *Machine) Answer(state any, asked Event, answer any, stamp Stamp) (Step, error) {
	r := m.asked[asked.Type]
	if r == nil {
		return Step{}, fmt.Errorf("%s: nothing is asked on %s", m, asked.Type)
	}
	asked.Data = answer
	return m.run(state, asked, stamp, []*Row{r})
}

// Expire runs the reaction to the deadline that runs from the own event.
func (m *Machine) Expire(state any, since Event, stamp Stamp) (Step, error) {
	r := m.since[since.Type]
	if r == nil {
		return Step{}, fmt.Errorf("%s: no deadline runs from %s", m, since.Type)
	}
	return m.run(state, since, stamp, []*Row{r})
}

// QuestionOf is the row by which this own event starts a call; nil if it starts none.
func (m *Machine) QuestionOf(own string) *Row { return m.asked[m.newest(own)] }

// DeadlineOf is the row whose deadline runs from this own event; nil if there is none.
func (m *Machine) DeadlineOf(own string) *Row { return m.since[m.newest(own)] }

// DecodeAnswer reads the JSON answer to this row's question.
func (r *Row) DecodeAnswer(data []byte) (any, error) { return r.decodeReply(data) }

// Follow lets the machine react to own events that it said in this state, as it did in the step that said them. Who decides
// again what a topic holds needs it, where what led to them is not there: a command, or an answer from outside.
func (m *Machine) Follow(state any, said []Event, stamp Stamp) (Step, error) {
	return m.steps(state, Event{Type: "its own events"}, stamp, func(step *Step) error {
		for _, own := range said {
			step.State, step.Changed = m.evolve(step.State, own), true
		}
		step.Emitted = slices.Clone(said)
		return nil
	})
}

func (m *Machine) run(state any, in Event, stamp Stamp, rows []*Row) (Step, error) {
	return m.steps(state, in, stamp, func(step *Step) error {
		step.Reacted = len(rows) > 0
		return m.apply(step, in, stamp, rows)
	})
}

// steps is what begins, and then what own events lead to among each other.
func (m *Machine) steps(state any, in Event, stamp Stamp, begin func(*Step) error) (step Step, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: on %s: panic: %v\n%s", m, in.Type, p, debug.Stack())
		}
	}()
	step.State = state
	if err := begin(&step); err != nil {
		return Step{}, err
	}
	for done, depth := 0, 1; done < len(step.Emitted); depth++ {
		if depth > maxCascade {
			return Step{}, fmt.Errorf("%s: on %s: own events follow from one another more than %d deep", m, in.Type, maxCascade)
		}
		for generation := len(step.Emitted); done < generation; done++ {
			own := step.Emitted[done]
			if err := m.apply(&step, own, stamp, m.heard[own.Type]); err != nil {
				return Step{}, err
			}
		}
	}
	return step, nil
}

func (m *Machine) apply(step *Step, in Event, stamp Stamp, rows []*Row) error {
	for _, r := range rows {
		if r.Form == Projection {
			step.State, step.Changed = r.show(step.State, in.Data, in.Time), true
			continue
		}
		for _, out := range m.decide(r, step.State, in) {
			if !r.emits(out.Type) {
				return fmt.Errorf("%s: on %s: decided %s, which the row does not declare", m, in.Type, out.Type)
			}
			if out.Key == "" {
				out.Key = in.Key
			}
			out.Saga, out.Cause, out.Via = in.Saga, in.ID, r.Form.via()
			another := m.isAnother(in.Key, out)
			if another {
				out.Saga = out.Key
			}
			stamp(&out)
			after := m.evolve(step.State, out)
			if another && !reflect.DeepEqual(after, step.State) {
				return m.foldsAnother(out)
			}
			if err := m.sayable(another, out); err != nil {
				return err
			}
			step.Changed = step.Changed || out.Key == in.Key || !reflect.DeepEqual(after, step.State)
			step.State = after
			step.Emitted = append(step.Emitted, out)
			if m.asked[out.Type] != nil {
				step.Asks = append(step.Asks, out)
			}
			if r := m.since[out.Type]; r != nil {
				step.Armed, step.Settled = append(step.Armed, out), append(step.Settled, older(r.On)...)
			}
			if out.Key == in.Key {
				m.giveUp(step, out)
			}
		}
	}
	return nil
}

// giveUp notes the calls that an own event drops and the deadlines that it settles.
func (m *Machine) giveUp(step *Step, own Event) {
	earlier := func(r *Row) func(Event) bool {
		return func(e Event) bool { return e.Key == own.Key && e.Type == r.On.Name() }
	}
	for _, q := range m.drops[own.Type] {
		step.Dropped = append(append(step.Dropped, q.On.Name()), older(q.On)...)
		step.Asks = slices.DeleteFunc(step.Asks, earlier(q))
	}
	for _, d := range m.settles[own.Type] {
		step.Settled = append(append(step.Settled, d.On.Name()), older(d.On)...)
		step.Armed = slices.DeleteFunc(step.Armed, earlier(d))
	}
}

// isAnother tells whether an event is about another key of the same kind, as the one of a day about the next day. That key is a
// saga of its own.
func (m *Machine) isAnother(key string, own Event) bool {
	return own.Key != key && m.kinds[own.Type].KeyedBy() == m.Key
}

// sayable checks an own event, without its payload.
func (m *Machine) sayable(another bool, own Event) error {
	if another {
		if blank := m.Blank(own.Key); len(m.heard[own.Type]) > 0 || !reflect.DeepEqual(m.evolve(blank, own), blank) {
			return m.foldsAnother(own)
		}
	}
	if r := m.since[own.Type]; r != nil && r.TellsWhen() && r.at(own.Data).IsZero() {
		return fmt.Errorf("%s: %s carries no time for its deadline", m, own.Type)
	}
	return nil
}

// foldsAnother refuses to react to, or fold, an event about another key: the state of that key is not loaded, and a replay of the
// topic would change it.
func (m *Machine) foldsAnother(own Event) error {
	return fmt.Errorf("%s: says %s about another %s, and reacts to it or folds it, though it has not that one's state: "+
		"let a deadline run from it", m, own.Type, m.Key)
}

func (r *Row) emits(name string) bool {
	for _, k := range r.Emits {
		if k.Name() == name {
			return true
		}
	}
	return false
}
