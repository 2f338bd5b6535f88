package choreography

import (
	"fmt"
	"slices"
	"strings"

	"orderflow.example/shared/saga"
)

// Mermaid draws the flow of events between services: an arrow for the events of one service on which another decides, to
// itself for loopbacks, a dotted one for events that are only projected, and the calls to the outside world.
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

// arrows returns one arrow for each pair, in the order of first use.
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
