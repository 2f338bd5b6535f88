package tracker

import (
	"cmp"
	"slices"
	"time"
)

// Deadline is something that a service will do when time is up.
type Deadline struct {
	ID      string     `json:"id"` // of the event it runs from
	Order   string     `json:"order"`
	Service string     `json:"service"`
	Key     string     `json:"key"`   // what the event is about: mostly the order
	Since   string     `json:"since"` // the event's type
	ArmedAt time.Time  `json:"armed_at"`
	DueAt   *time.Time `json:"due_at"` // none: an operator took it off
	Overdue bool       `json:"overdue"`
	By      string     `json:"moved_by,omitempty"` // the operator who moved it, or took it off
	At      *time.Time `json:"moved_at,omitempty"`
}

// Deadlines lists those of one order, or of all orders if it is empty, soonest first; those taken off come last.
func (x *Index) Deadlines(order string, now time.Time) []Deadline {
	all := []Deadline{}
	if order != "" {
		if s := x.sagas[IDOf(order)]; s != nil && s.began != 0 {
			all = append(all, x.deadlines(s, now)...)
		}
	} else {
		for s := range x.active {
			all = append(all, x.deadlines(s, now)...)
		}
	}
	slices.SortFunc(all, func(a, b Deadline) int {
		if (a.DueAt == nil) != (b.DueAt == nil) {
			return b.due().Compare(a.due())
		}
		return cmp.Or(a.due().Compare(b.due()), cmp.Compare(a.Order, b.Order), cmp.Compare(a.ID, b.ID))
	})
	return all
}

func (d Deadline) due() (at time.Time) {
	if d.DueAt != nil {
		at = *d.DueAt
	}
	return at
}

func (x *Index) deadlines(s *story, now time.Time) (all []Deadline) {
	for i := range s.entries {
		e := &s.entries[i]
		if x.kinds[e.kind].deadline == nil {
			continue
		}
		if o, runs := x.deadline(s, e, now); runs {
			all = append(all, deadlineOf(s, e, o))
		}
	}
	return all
}

func deadlineOf(s *story, e *entry, o Obligation) Deadline {
	d := Deadline{ID: o.Event, Order: o.Order, Service: o.Service, Key: s.key(e), Since: o.On, ArmedAt: o.Since, Overdue: o.Overdue}
	if !o.Until.IsZero() {
		d.DueAt = &o.Until
	}
	if o.moved != nil {
		at := o.moved.At.UTC()
		d.By, d.At = o.moved.By, &at
	}
	return d
}

// Deadline finds one by its id. If it no longer runs, known tells whether it ever did, as far as the index remembers.
func (x *Index) Deadline(id string, now time.Time) (d Deadline, runs, known bool) {
	short := IDOf(id)
	find := func(s *story) bool {
		for i := range s.entries {
			if e := &s.entries[i]; e.id == short && x.kinds[e.kind].deadline != nil {
				var o Obligation
				if o, runs = x.deadline(s, e, now); runs {
					d = deadlineOf(s, e, o)
				}
				known = true
			}
		}
		return known
	}
	for s := range x.active {
		if find(s) {
			return d, runs, known
		}
	}
	for _, s := range x.done {
		if find(s) {
			return d, runs, known
		}
	}
	return d, false, false
}

// Moved is the operator's change to a deadline, by the event it runs from, that its owner last reported.
func (x *Index) Moved(id string) (Move, bool) {
	m, moved := x.moved[IDOf(id)]
	return m, moved
}
