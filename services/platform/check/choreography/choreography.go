// Package choreography combines the declarations of the services into one picture, the events that each consumes and emits,
// and checks it against the rules of every choreography: check.go lists them. It reads the declarations and, to probe some
// rules, makes decisions on examples; it runs no service. The orderflow command prints both, README.md has the picture, and
// package inflight compares declarations with the open sagas of a running installation.
package choreography

import (
	"encoding/json"
	"slices"
	"strings"

	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

// Choreography is the declarations of all services, in the order given.
type Choreography struct {
	Machines []Machine `json:"machines"`
}

// Machine is the declaration of one state machine of a service.
type Machine struct {
	Service string     `json:"service"`
	Key     saga.Key   `json:"key"`             // what its states are about
	Also    []saga.Key `json:"also,omitempty"`  // what else its states are about
	Final   []string   `json:"final,omitempty"` // events said for nobody else
	Rows    []Row      `json:"rows"`

	Numbered []string `json:"numbered,omitempty"` // events said that are numbered without gap or repeat
}

// Row is one row of a service's choreography, with the full names of the events.
type Row struct {
	Form        string   `json:"form"`              // on, call, after, show or known
	On          string   `json:"on"`                // the event, or the command
	Command     bool     `json:"command,omitempty"` // On is a command, asked for over HTTP
	Knows       []string `json:"knows,omitempty"`   // on: the events whose latest it looks up
	Spreads     bool     `json:"spreads,omitempty"` // show: in states of keys that the event names
	Asks        string   `json:"asks,omitempty"`    // call: the question to the outside world
	Due         string   `json:"due,omitempty"`     // call: when an answer is overdue, where it is asked until answered
	After       string   `json:"after,omitempty"`   // after: how long, "2m0s"
	At          bool     `json:"at,omitempty"`      // after: not how long, but at a time that On carries
	Unless      []string `json:"unless,omitempty"`  // after: what settles it first; call: what drops it
	Emits       []string `json:"emits,omitempty"`
	Compensates []string `json:"compensates,omitempty"`
	Pivot       []string `json:"pivot,omitempty"`       // of Emits: from here only forward
	Past        []string `json:"past,omitempty"`        // leads on only past one of these
	Irrevocable bool     `json:"irrevocable,omitempty"` // what follows cannot be taken back
}

// Machines returns the machines of all services, in the order given.
func Machines(apps ...service.App) (all []*saga.Machine) {
	for _, app := range apps {
		for _, b := range app.Bindings {
			all = append(all, b.Machine)
		}
	}
	return all
}

// Of reads the declarations of the services.
func Of(apps ...service.App) Choreography { return Describe(Machines(apps...)...) }

// Describe returns the declarations of the machines, as data.
func Describe(machines ...*saga.Machine) (c Choreography) {
	for _, declared := range machines {
		m := Machine{Service: declared.Service, Key: declared.Key, Also: declared.Also, Final: names(declared.Final)}
		for _, r := range declared.Rows {
			m.Rows = append(m.Rows, row(r))
		}
		for _, s := range declared.Series {
			m.Numbered = append(m.Numbered, s.Of.Name())
		}
		c.Machines = append(c.Machines, m)
	}
	return c
}

// takes reports whether the machine consumes the row's event from a topic: not a command, and not its own event.
func (m Machine) takes(r Row) bool {
	says := slices.ContainsFunc(m.Rows, func(other Row) bool { return slices.Contains(other.Emits, r.On) })
	return !r.Command && !says && slices.Contains([]string{saga.Reaction.String(), saga.Projection.String(), saga.Lookup.String()},
		r.Form)
}

func row(r saga.Row) Row {
	out := Row{
		Form: r.Form.String(), On: r.On.Name(), Command: saga.IsCommand(r.On), Asks: r.Ask, Unless: names(r.Unless),
		Emits: names(r.Emits), Compensates: names(r.Undoes), Pivot: names(r.Pivots),
		Past: names(r.Behind), Irrevocable: r.Irrevocable, Spreads: r.Spreads(),
	}
	for _, known := range r.Knows {
		out.Knows = append(out.Knows, known.Name())
	}
	if r.Form == saga.Deadline {
		if out.At = r.TellsWhen(); !out.At {
			out.After = r.After.String()
		}
	}
	if r.Due > 0 {
		out.Due = r.Due.String()
	}
	return out
}

func names(kinds []saga.Kind) (list []string) {
	for _, k := range kinds {
		list = append(list, k.Name())
	}
	return list
}

// JSON returns the choreography as JSON.
func (c Choreography) JSON() (string, error) {
	text, err := json.MarshalIndent(c, "", "  ")
	return string(text) + "\n", err
}

// short is an event's name for a reader of the service: without the version if it is the first, and without the service if
// it is this one.
func short(service, event string) string {
	return strings.TrimPrefix(strings.TrimSuffix(event, ".v1"), service+".")
}
