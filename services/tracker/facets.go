package tracker

import (
	"cmp"
	"slices"
	"time"
)

// Facets counts the sagas that fit a filter.
type Facets struct {
	Total   int            `json:"total"`
	State   map[string]int `json:"state"`
	Cause   map[string]int `json:"cause"`   // why something is overdue, or why it is stuck
	Service map[string]int `json:"service"` // that owes it something
	Reason  map[string]int `json:"reason"`  // why it was turned back
	AsOf    time.Time      `json:"as_of"`
}

// Facets counts the sagas of a filter: a saga once for each value it has.
func (x *Index) Facets(f Filter, now time.Time) Facets {
	n := Facets{State: map[string]int{}, Cause: map[string]int{}, Service: map[string]int{}, Reason: map[string]int{},
		AsOf: now.UTC()}
	for _, s := range x.among(f) {
		if !f.takesStory(x, s) {
			continue
		}
		var causes, services []string
		if s.active {
			one, owed := x.told(s, now)
			if !f.takes(one, owed) {
				continue
			}
			for _, o := range owed {
				causes, services = append(causes, o.Cause), append(services, o.Service)
			}
			if one.Stuck != nil {
				causes = append(causes, one.Stuck.Cause)
			}
		} else if !f.takes(Summary{}, nil) {
			continue
		}
		n.Total++
		n.State[x.state(s)]++
		each(n.Cause, causes)
		each(n.Service, services)
		each(n.Reason, []string{x.words[s.reason]})
	}
	return n
}

// each counts every text once, but for the empty one.
func each(counts map[string]int, texts []string) {
	slices.Sort(texts)
	for _, text := range slices.Compact(texts) {
		if text != "" {
			counts[text]++
		}
	}
}

// Overview is what an operator looks at first.
type Overview struct {
	Sagas     int            `json:"sagas"`
	Open      map[string]int `json:"open"`      // sagas that have not ended, by state
	Attention int            `json:"attention"` // sagas that need it
	Overdue   int            `json:"overdue"`   // obligations
	Parked    struct {
		Sagas int `json:"sagas"`
	} `json:"parked"` // with something that a service put aside
	Reviews int       `json:"reviews"` // sagas that a person decides about
	Silent  []string  `json:"silent"`  // services of which no process reports
	Lag     *Lag      `json:"worst_lag,omitempty"`
	AsOf    time.Time `json:"as_of"`
}

// Lag is how far a service is behind on a topic.
type Lag struct {
	Service string  `json:"service"`
	Topic   string  `json:"topic"`
	Events  int64   `json:"events"`
	Seconds float64 `json:"seconds"` // since the oldest event that it owes was emitted
}

// Overview sums up what is so now.
func (x *Index) Overview(now time.Time) Overview {
	o := Overview{Sagas: len(x.order), Open: map[string]int{}, Silent: x.silent(now), AsOf: now.UTC()}
	for s := range x.active {
		one, owed := x.told(s, now)
		if one.EndedAt == nil {
			o.Open[one.State]++
		}
		if one.Decision {
			o.Reviews++
		}
		if one.NeedsAttention() {
			o.Attention++
		}
		o.Overdue += one.Overdue
		if one.Parked > 0 {
			o.Parked.Sagas++
		}
		o.Lag = x.worst(o.Lag, s, owed, now)
	}
	return o
}

// worst is the lag of the oldest event that a service has not processed, or the one before if that is older.
func (x *Index) worst(before *Lag, s *story, owed []Obligation, now time.Time) *Lag {
	for _, o := range owed {
		age := now.Sub(o.Since).Seconds()
		if o.Kind != KindReaction || o.Cause == CauseParked || before != nil && before.Seconds >= age {
			continue
		}
		i := slices.IndexFunc(s.entries, func(e entry) bool { return e.id == IDOf(o.Event) })
		p := x.places[s.entries[i].place]
		before = &Lag{Service: o.Service, Topic: p.topic, Seconds: max(age, 0),
			Events: cmp.Or(p.last-x.reached(x.services[o.Service], p), 1)}
	}
	return before
}
