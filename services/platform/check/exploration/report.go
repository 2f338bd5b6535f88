package exploration

import (
	"fmt"
	"io"
	"maps"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"orderflow.example/services/platform/services"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/explore/gateway"
)

// Report is the result of an exploration.
type Report struct {
	Machines    []string           `json:"machines"`
	LeftOut     []string           `json:"left_out"`
	Roots       []string           `json:"roots"`
	Bounds      []string           `json:"bounds"`
	States      int                `json:"states"`
	Transitions int                `json:"transitions"`
	Spared      int                `json:"spared"` // steps not tried, because their order does not matter
	Depth       int                `json:"depth"`
	Ends        int                `json:"ends"`
	Parts       []Part             `json:"parts"`
	Seconds     float64            `json:"seconds"`
	PerSecond   float64            `json:"states_per_second"`
	Again       string             `json:"explored_again,omitempty"` // why, without taking anything for a mere note
	Unsaid      []string           `json:"unsaid,omitempty"`         // events that nothing led to
	Unexplored  map[string]string  `json:"unexplored,omitempty"`     // those of them that services declare, with their reasons
	Violation   *explore.Violation `json:"violation,omitempty"`
}

// Part sums up a machine, or an external system.
type Part struct {
	Name   string `json:"name"`
	States int    `json:"states"`
	Steps  int    `json:"steps"`
}

// bounds are the limits that keep the exploration finite.
var bounds = []string{
	"one order of two lines, one piece of a product each, from one warehouse, or from two in a parcel each",
	"the customer cancels at most once and asks for at most two returns; an operator decides and cancels at most once",
	fmt.Sprintf("the gateway refuses at most %d refunds of an order", gateway.Refusals),
	"every record a service has heard is heard again, once, wherever it may be by then",
	"a crash before the commit is no step; one after it is a record that comes later",
}

// Run explores one order from all roots.
func Run(m explore.Model, o explore.Options) Report {
	r := Report{LeftOut: Left(), Bounds: bounds}
	for _, machine := range m.Machines {
		r.Machines = append(r.Machines, machine.String())
	}
	for _, root := range m.Roots {
		r.Roots = append(r.Roots, root.Name)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(100)) // explored states are kept: less memory matters more than time
	begun := time.Now()
	found := explore.Explore(m, o)
	r.Seconds = time.Since(begun).Seconds()
	r.States, r.Transitions, r.Spared, r.Depth, r.Ends = found.States, found.Transitions, found.Spared, found.Depth, found.Ends
	r.PerSecond = float64(r.States) / r.Seconds
	for _, p := range found.Parts {
		r.Parts = append(r.Parts, Part(p))
	}
	r.Again, r.Violation = found.NoNotes, found.Violation
	for _, k := range found.Unsaid {
		if k.KeyedBy() == saga.Order {
			r.Unsaid = append(r.Unsaid, k.Name())
		}
	}
	if found.Unfinished && r.Violation == nil {
		r.Violation = &explore.Violation{Why: "given up: there is no end of states"}
	}
	return r
}

// RunAll explores one order in all models, up to the first violation.
func RunAll(o explore.Options) (whole Report) {
	for i, m := range All() {
		r := Run(m, o)
		if i == 0 {
			whole = r
		} else {
			whole.add(r)
		}
		if whole.Violation != nil {
			break
		}
	}
	whole.excuse()
	return whole
}

// excuse takes the events that services declare as unexplored from those that nothing led to.
func (r *Report) excuse() {
	r.Unexplored = map[string]string{}
	for _, app := range services.All {
		for name, why := range app.Model.Unexplored {
			if slices.Contains(r.Unsaid, name) {
				r.Unexplored[name] = why
			}
		}
	}
	r.Unsaid = slices.DeleteFunc(r.Unsaid, func(name string) bool { return r.Unexplored[name] != "" })
}

// add merges the report of another model. An event emitted in either counts as emitted.
func (r *Report) add(other Report) {
	r.Roots = append(r.Roots, other.Roots...)
	r.States, r.Transitions, r.Spared = r.States+other.States, r.Transitions+other.Transitions, r.Spared+other.Spared
	r.Depth, r.Ends, r.Seconds = max(r.Depth, other.Depth), r.Ends+other.Ends, r.Seconds+other.Seconds
	r.PerSecond = float64(r.States) / r.Seconds
	r.Unsaid = slices.DeleteFunc(r.Unsaid, func(name string) bool { return !slices.Contains(other.Unsaid, name) })
	for _, p := range other.Parts {
		i := slices.IndexFunc(r.Parts, func(mine Part) bool { return mine.Name == p.Name })
		if i < 0 {
			r.Parts = append(r.Parts, p) // one who listens
			for _, name := range other.Unsaid {
				if saga.Producer(name) == p.Name {
					r.Unsaid = append(r.Unsaid, name)
				}
			}
			continue
		}
		r.Parts[i].States, r.Parts[i].Steps = r.Parts[i].States+p.States, r.Parts[i].Steps+p.Steps
	}
	if r.Again == "" {
		r.Again = other.Again
	}
	r.Violation = other.Violation
}

// Print writes the report for people.
func (r Report) Print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "services   %s\n", strings.Join(r.Machines, ", "))
	fmt.Fprintf(&b, "left out   %s: they only watch, or are about a product\n", strings.Join(r.LeftOut, ", "))
	fmt.Fprintf(&b, "roots      %d, by stock, fill policy, trust, operator, cancellation and returns\n", len(r.Roots))
	for i, bound := range r.Bounds {
		fmt.Fprintf(&b, "%-10s %s\n", map[bool]string{true: "bounds"}[i == 0], bound)
	}
	fmt.Fprintf(&b, "explored   %s states, %s transitions, %s deep, %s ends\n", grouped(r.States), grouped(r.Transitions),
		grouped(r.Depth), grouped(r.Ends))
	fmt.Fprintf(&b, "spared     %s steps whose order does not matter\n", grouped(r.Spared))
	fmt.Fprintf(&b, "took       %.1f s, %s states a second\n", r.Seconds, grouped(int(r.PerSecond)))
	for i, p := range r.Parts {
		fmt.Fprintf(&b, "%-10s %s: %s states, %s steps\n", map[bool]string{true: "each alone"}[i == 0], p.Name,
			grouped(p.States), grouped(p.Steps))
	}
	for _, name := range slices.Sorted(maps.Keys(r.Unexplored)) {
		fmt.Fprintf(&b, "unexplored %s: %s\n", name, r.Unexplored[name])
	}
	if r.Again != "" {
		fmt.Fprintf(&b, "again      without taking anything for a mere note: %s\n", r.Again)
	}
	switch {
	case r.Violation != nil:
		fmt.Fprintf(&b, "\nThis must not be:\n%s", r.Violation)
	case len(r.Unsaid) > 0:
		fmt.Fprintf(&b, "\nNothing leads to %s: these are declared, and never happen.\n", strings.Join(r.Unsaid, ", "))
	default:
		b.WriteString("\nEvery reachable state can end, no end breaks an invariant, and every event declared can happen")
		if len(r.Unexplored) > 0 {
			b.WriteString(", but for the unexplored")
		}
		b.WriteString(".\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// grouped formats a number with separated thousands.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
