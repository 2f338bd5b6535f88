package choreography

import (
	"fmt"
	"slices"
	"strings"

	"orderflow.example/shared/saga"
)

// Mermaid draws who reacts to whom: an arrow for the events one service decides on and another said, back to itself for what
// its machines hear of each other, a dotted one where events are only shown, and the outside world as it is asked.
func (c Choreography) Mermaid() string {
	var decided, asked, shown arrows
	for _, m := range c.Machines {
		for _, r := range m.Rows {
			from := saga.Producer(r.On)
			switch {
			case r.Form == "call":
				who, what, _ := strings.Cut(r.Asks, ".")
				asked.add(m.Service, who, what)
			case !m.takes(r):
			case r.Form == "show":
				shown.add(from, m.Service, short(from, r.On))
			default:
				decided.add(from, m.Service, short(from, r.On))
			}
		}
	}
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for _, name := range c.services() {
		fmt.Fprintf(&b, "  %s[%s]\n", name, name)
	}
	for _, a := range decided {
		fmt.Fprintf(&b, "  %s -- \"%s\" --> %s\n", a.from, strings.Join(a.what, "<br/>"), a.to)
	}
	for _, a := range shown {
		fmt.Fprintf(&b, "  %s -.-> %s\n", a.from, a.to)
	}
	for _, a := range asked {
		fmt.Fprintf(&b, "  %s <== \"%s\" ==> %s([%s])\n", a.from, strings.Join(a.what, "<br/>"), a.to, a.to)
	}
	return b.String()
}

func (c Choreography) services() (list []string) {
	for _, m := range c.Machines {
		if !slices.Contains(list, m.Service) {
			list = append(list, m.Service)
		}
	}
	return list
}

// arrows are one for each pair, in the order first met.
type arrows []arrow

type arrow struct {
	from, to string
	what     []string
}

func (all *arrows) add(from, to, what string) {
	for i := range *all {
		if a := &(*all)[i]; a.from == from && a.to == to {
			if !slices.Contains(a.what, what) {
				a.what = append(a.what, what)
			}
			return
		}
	}
	*all = append(*all, arrow{from, to, []string{what}})
}
