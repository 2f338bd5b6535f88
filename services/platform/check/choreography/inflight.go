package choreography

import (
	"fmt"
	"slices"
	"strings"
)

// Open is a saga that has not ended, as the tracker of a running installation shows it.
type Open struct {
	Order string
	Said  []string // the types of all its events so far
	Owed  []Owed
}

// Owed is one piece of open work of a service for it.
type Owed struct {
	Service string `json:"service"`
	Kind    string `json:"kind"` // reaction, call or deadline
	Event   string `json:"on"`   // the type heard, asking, or running the deadline
}

// Stranded is a saga that would stop under another declaration, and why.
type Stranded struct {
	Order   string `json:"order"`
	Service string `json:"service"`
	Text    string `json:"text"`
}

// InFlight returns the open sagas, begun under the running declaration, that would be stranded under the next one: because
// a service no longer has a row for an event on its way to it, or because it now begins a step on an event that these sagas
// have already passed.
func InFlight(running, next Choreography, open []Open) (stranded []Stranded) {
	now, then := running.index(), next.index()
	moved := movedRows(running, next)
	for _, s := range open {
		found := map[Stranded]bool{}
		add := func(service, format string, args ...any) {
			if x := (Stranded{s.Order, service, fmt.Sprintf(format, args...)}); !found[x] {
				found[x] = true
				stranded = append(stranded, x)
			}
		}
		for _, o := range s.Owed {
			form := map[string]string{"reaction": "on", "call": "call", "deadline": "after"}[o.Kind]
			key := rowKey{o.Service, form, o.Event}
			shown, kept := rowKey{o.Service, "show", o.Event}, rowKey{o.Service, "known", o.Event}
			switch {
			case then[key], form == "on" && (then[shown] || then[kept]), !now[key] && !now[shown] && !now[kept]:
			case form == "on":
				add(o.Service, "%s is on its way to it, and this build of it does not hear that", short("", o.Event))
			case form == "call":
				add(o.Service, "the question asked by %s is open, and this build of it does not know that one", short("", o.Event))
			default:
				add(o.Service, "the deadline that runs from %s is armed, and this build of it has none", short("", o.Event))
			}
		}
		for _, m := range moved {
			if slices.Contains(s.Said, m.to) && !slices.Contains(s.Said, m.says) && !m.owed(s) {
				add(m.service, "says %s on %s now, not on %s any more, and the order has %s behind it",
					short(m.service, m.says), short("", m.to), short("", m.from), short("", m.to))
			}
		}
	}
	return stranded
}

// rowKey identifies a row.
type rowKey struct{ service, form, on string }

func (c Choreography) index() map[rowKey]bool {
	all := map[rowKey]bool{}
	for _, m := range c.Machines {
		for _, r := range m.Rows {
			all[rowKey{m.Service, r.Form, r.On}] = true
		}
	}
	return all
}

// move is an event that a service begins to emit on another trigger.
type move struct{ service, says, from, to string }

// owed reports whether the new trigger is still on its way to the service, so that it is not missed.
func (m move) owed(s Open) bool {
	return slices.Contains(s.Owed, Owed{m.service, "reaction", m.to})
}

// movedRows finds the events that a service emits on an event that it did not consume before, and used to emit on one that
// it no longer consumes.
func movedRows(running, next Choreography) (all []move) {
	now, then := running.index(), next.index()
	for _, m := range next.Machines {
		for _, r := range m.Rows {
			if r.Form != "on" || r.Command || now[rowKey{m.Service, "on", r.On}] {
				continue
			}
			for _, old := range running.rows(m.Service) {
				if old.Form != "on" || then[rowKey{m.Service, "on", old.On}] {
					continue
				}
				for _, says := range r.Emits {
					if slices.Contains(old.Emits, says) && !slices.Contains(m.Final, says) {
						all = append(all, move{m.Service, says, old.On, r.On})
					}
				}
			}
		}
	}
	return all
}

func (c Choreography) rows(service string) (rows []Row) {
	for _, m := range c.Machines {
		if m.Service == service {
			rows = append(rows, m.Rows...)
		}
	}
	return rows
}

// Sentence formats it for people.
func (s Stranded) Sentence() string { return s.Order + ": " + s.Service + ": " + s.Text }

// Differences returns the rows by which two declarations differ: "+ payment on order.confirmed".
func Differences(running, next Choreography) (lines []string) {
	now, then := running.index(), next.index()
	list := func(c Choreography, other map[rowKey]bool, sign string) {
		for _, m := range c.Machines {
			for _, r := range m.Rows {
				if !other[rowKey{m.Service, r.Form, r.On}] {
					lines = append(lines, strings.Join([]string{sign, m.Service, r.Form, strings.TrimSuffix(r.On, ".v1")}, " "))
				}
			}
		}
	}
	list(running, then, "−")
	list(next, now, "+")
	return lines
}
