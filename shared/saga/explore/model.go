package explore

import (
	"fmt"
	"slices"
	"strings"

	"orderflow.example/shared/saga"
)

// Model is the model to explore.
type Model struct {
	Key      string // what the saga is about
	Machines []Machine
	Outside  []Outside
	Roots    []Root
	// End tells the fault of a state in which nothing more can happen; "" if there is none.
	End func(View) string
}

// Machine is one service's machine, and its description for the explorer beside its rows.
type Machine struct {
	*saga.Machine
	// Key is the machine's key where that is not the saga's: the customer of an order. The machine consumes the events
	// about it.
	Key string
	// Same returns one of several states that differ in nothing that matters, so that they are explored once; nil: each
	// state is only like itself. It is checked, with one other state for each.
	Same func(state any) any
	// Apart tells own events of a kind apart that others know by their ids, by what they are about: the parcel of a capture. Ids
	// are made of it, so that they do not depend on which comes first. nil, or "": there is one of the kind.
	Apart func(own saga.Event) string
	// Check tells the fault of a step; "" if there is none. A fault must stay one whatever others do: Check is called once
	// for each step, not for each way there.
	Check func(before any, step saga.Step) string
	// Known are the events that lookups may find, about whatever key: at least one of each type that the machine looks up.
	Known []saga.Event
	// Notes are events that the machine may consume only to note them; see notes.go. It is checked.
	Notes []saga.Kind
	// Before lists the events that the machine does not emit yet, or never will, in this state. The reduction relies on
	// it, and each step checks it. nil: nothing is known.
	Before func(state any) []Before
}

// Before declares that the machine does not emit an event before it consumes one of some others; never if there are none.
type Before struct {
	Says  saga.Kind
	Hears []saga.Kind
}

// Outside is an outside party that machines ask. A question of one machine is not answered by another's Outside.
type Outside struct {
	Name  string // "the gateway"
	Asked []string
	Start any // a value whose text holds all of it
	// Act lists the possible outcomes of a question. None: it cannot be answered in this state, and stays open.
	Act func(state any, question string, asked saga.Event) []Outcome
	// Check is Machine.Check for a state of the outside.
	Check func(state any) string
	// Tells are the events that its outcomes may tell beside their answers.
	Tells []saga.Kind
	// Before is Machine.Before for what it tells: not before one of some events asks it.
	Before func(state any) []Before
}

// Outcome is one possible act of the outside party when asked.
type Outcome struct {
	Does   string // "authorizes"
	State  any    // of the outside, afterwards
	Answer any
	Tells  []saga.Event // to the machines that consume them, in any order, also where the answer is lost
}

// Root is one beginning of the saga.
type Root struct {
	Name   string
	States map[string]any // of machines and the outside, by name, where not blank
	Told   []Told
}

// Told is an event from outside the model for the machines that consume it: of a service that is not explored, or a
// command. It may arrive at any time, but events of one producer arrive in order.
type Told struct {
	Who   string // a description: "the customer cancels"; "" where the event's name is enough
	To    string // the outside party that may act on it, once, or never where Act lists no outcome; "" for machines
	Event saga.Event
}

// View is a whole state, for the model's checks.
type View struct {
	s  *system
	at []int32
}

// State is the state of a machine or an outside party, by name.
func (v View) State(name string) any {
	for i, p := range v.s.parts {
		l := p.locals.at[p.configs.at[v.at[i]].local]
		if p.name == name {
			return l.state
		}
		if p.own != nil && p.own.Name == name {
			return l.aside
		}
	}
	panic("explore: there is no " + name)
}

// Has tells whether a machine takes part.
func (v View) Has(name string) bool {
	return slices.ContainsFunc(v.s.parts, func(p *part) bool { return p.name == name })
}

// Open lists the questions that are open: "payment.void_requested".
func (v View) Open() (open []string) {
	for i, p := range v.s.parts {
		for _, in := range p.configs.at[v.at[i]].bag {
			input := v.s.inputs.at[in]
			if input.form == asked && v.s.parts[input.from].machine.QuestionOf(v.s.events.at[input.event].Type) != nil {
				open = append(open, bare(v.s.events.at[input.event].Type))
			}
		}
	}
	return open
}

// String returns the whole state as text, the same in every exploration.
func (v View) String() string {
	var b strings.Builder
	for i, p := range v.s.parts {
		c := p.configs.at[v.at[i]]
		fmt.Fprintf(&b, "%s: %s\n", p.name, p.locals.at[c.local].text)
		for _, in := range v.s.waiting(c) {
			fmt.Fprintf(&b, "  %s\n", in)
		}
	}
	return b.String()
}
