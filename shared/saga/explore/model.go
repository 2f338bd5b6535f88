package explore

import (
	"fmt"
	"strings"

	"orderflow.example/shared/saga"
)

// Model is what is explored.
type Model struct {
	Key      string // what the saga is about
	Machines []Machine
	Outside  []Outside
	Roots    []Root
	// End tells what is wrong with a state in which nothing more can happen; "" if it is as it should be.
	End func(View) string
}

// Machine is one service's part, and what the explorer may know of it beside its rows.
type Machine struct {
	*saga.Machine
	// Key is what it takes part as, where that is not the saga: the customer of an order. It hears what is said about that.
	Key string
	// Same gives one of several states that differ in nothing that matters, so that they are explored once; nil: each
	// state is only like itself. It is checked, with one other state for each.
	Same func(state any) any
	// Check tells what is wrong with a step; "" if it is as it should be. What it finds must stay found, whatever others
	// do: it is asked about each step once, not about each way there.
	Check func(before any, step saga.Step) string
	// Known are what others may have said last, of whatever key the machine looks up: at least one event of each type.
	Known []saga.Event
	// Notes are events that the machine may hear only to note them; see notes.go. It is checked.
	Notes []saga.Kind
	// Before tells what the machine does not say yet, or never will, in this state. It is what the reduction may rely on, and
	// is itself checked at each step. nil: nothing is known.
	Before func(state any) []Before
}

// Before says that the machine does not say an event before it hears one of some others; never where there are none.
type Before struct {
	Says  saga.Kind
	Hears []saga.Kind
}

// Outside is somebody outside who is asked questions. What one asks another does not answer.
type Outside struct {
	Name  string // "the gateway"
	Asked []string
	Start any // a value whose text tells all of it
	// Act lists what may come of a question. None: it cannot be answered as things stand, and is asked on.
	Act func(state any, question string, asked saga.Event) []Outcome
	// Check is Machine.Check for a state of the outside.
	Check func(state any) string
}

// Outcome is one thing the outside may do when asked.
type Outcome struct {
	Does   string // "authorizes"
	State  any    // of the outside, afterwards
	Answer any
}

// Root is one way in which the saga begins.
type Root struct {
	Name   string
	States map[string]any // of machines and the outside, by name, where not blank
	Told   []Told
}

// Told is what somebody tells the machines that hear it: an event of a service that is left out, or a command. It may
// arrive at any time, but in order where one producer tells several.
type Told struct {
	Who   string // in words: "the customer cancels"; "" where the event says enough
	Event saga.Event
}

// View is a whole state, for the model's checks.
type View struct {
	s  *system
	at []int32
}

// State is where a machine, or somebody outside, stands; by name.
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

// Open lists the questions that are open: "payment.void_requested".
func (v View) Open() (open []string) {
	for i, p := range v.s.parts {
		for _, in := range p.configs.at[v.at[i]].bag {
			if input := v.s.inputs.at[in]; input.form == asked {
				open = append(open, bare(v.s.events.at[input.event].Type))
			}
		}
	}
	return open
}

// String tells the whole state, the same in every exploration.
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
