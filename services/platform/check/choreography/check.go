package choreography

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"orderflow.example/schemas/compatibility"
	"orderflow.example/shared/saga"
)

// Fault is one violation of a rule by the declarations.
type Fault struct {
	Check   string `json:"check"`
	Service string `json:"service"` // whose declaration has to change, mostly
	Text    string `json:"text"`    // what is wrong and what to do
}

// Rule is one rule that every choreography must keep.
type Rule struct {
	Name   string  `json:"name"`
	Says   string  `json:"says"`
	Of     string  `json:"of"` // what was counted in Looked
	Looked int     `json:"looked"`
	Faults []Fault `json:"faults,omitempty"`
}

// Language describes the events themselves, independent of the declarations of the services.
type Language struct {
	Events  []saga.Kind                    // all events
	Topics  []string                       // those that are created
	Broken  []compatibility.Problem        // incompatibilities with the schemas last released
	Example func(saga.Kind) ([]byte, bool) // a payload of the event; false where it has no schema or no example
}

// Check checks the declarations of all services against every rule. It runs only pure decisions, on examples.
func Check(l Language, machines ...*saga.Machine) []Rule {
	g := newGraph(machines)
	return []Rule{
		g.heardIsSaid(l), g.saidIsHeard(l.Events), g.undone(), g.givenUp(), g.bounded(), g.dated(l), g.irrevocable(), g.keyed(l),
		g.loopback(), g.language(l), g.seenTwice(l), g.compensationFirst(l), g.shown(l), g.olderIsRead(l), grown(l),
	}
}

// Faults returns the faults of all rules.
func Faults(rules []Rule) (all []Fault) {
	for _, r := range rules {
		all = append(all, r.Faults...)
	}
	return all
}

// Print writes a line for each rule, with its faults below.
func Print(w io.Writer, rules []Rule) error {
	var b strings.Builder
	for _, r := range rules {
		mark := "✓"
		if len(r.Faults) > 0 {
			mark = "✗"
		}
		fmt.Fprintf(&b, "%s %-19s %s (%d %s)\n", mark, r.Name, r.Says, r.Looked, r.Of)
		for _, f := range r.Faults {
			fmt.Fprintf(&b, "    %s: %s\n", f.Service, f.Text)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Rule) fault(m *saga.Machine, format string, args ...any) {
	r.Faults = append(r.Faults, Fault{r.Name, m.String(), fmt.Sprintf(format, args...)})
}

// graph is the flow of events: events are its nodes, rows its edges.
type graph struct {
	machines []*saga.Machine
	edges    map[string][]edge // by the event or command consumed
	pivots   map[string]bool
}

type edge struct {
	m   *saga.Machine
	row *saga.Row
}

func newGraph(machines []*saga.Machine) *graph {
	g := &graph{machines: machines, edges: map[string][]edge{}, pivots: map[string]bool{}}
	g.each(func(m *saga.Machine, r *saga.Row) {
		g.edges[r.On.Name()] = append(g.edges[r.On.Name()], edge{m, r})
		for _, k := range r.Pivots {
			g.pivots[k.Name()] = true
		}
	})
	return g
}

// each calls a function for every row, in the order declared.
func (g *graph) each(visit func(m *saga.Machine, r *saga.Row)) {
	for _, m := range g.machines {
		for i := range m.Rows {
			visit(m, &m.Rows[i])
		}
	}
}

// reach lists the events that may follow from one, itself included, on paths that rows allow and that end at certain
// events, which are reached themselves.
func (g *graph) reach(from []string, through func(*saga.Row) bool, ends func(event string) bool) map[string]bool {
	seen := map[string]bool{}
	queue := slices.Clone(from)
	for _, name := range from {
		seen[name] = true
	}
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		if ends(name) && !slices.Contains(from, name) {
			continue
		}
		for _, e := range g.edges[name] {
			if !through(e.row) {
				continue
			}
			for _, k := range e.row.Emits {
				if !seen[k.Name()] {
					seen[k.Name()] = true
					queue = append(queue, k.Name())
				}
			}
		}
	}
	return seen
}

func has(kinds []saga.Kind, name string) bool {
	return slices.ContainsFunc(kinds, func(k saga.Kind) bool { return k.Name() == name })
}

// or joins names by commas and "or".
func or(kinds []saga.Kind) string {
	list := names(kinds)
	for i := range list {
		list[i] = strings.TrimSuffix(list[i], ".v1")
	}
	return strings.Join(list, " or ")
}

func plain(k saga.Kind) string { return strings.TrimSuffix(k.Name(), ".v1") }
