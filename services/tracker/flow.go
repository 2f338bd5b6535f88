package tracker

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"orderflow.example/shared/saga"
)

// Flow is how much goes from service to service now, and who does not keep up. Rates are of the last minute; how far a service
// is comes from its reports, about a second late.
type Flow struct {
	Edges     []Edge     `json:"edges"`
	Calls     []CallRate `json:"calls"`
	Processes []Process  `json:"processes"`
	Silent    []string   `json:"silent"` // services of which no process reports
	AsOf      time.Time  `json:"as_of"`
}

// Edge is a topic that a service hears, and is not its own.
type Edge struct {
	Topic      string      `json:"topic"`
	Service    string      `json:"service"`
	PerMinute  float64     `json:"per_minute"`            // events of the types that it hears
	LagEvents  int64       `json:"lag_events"`            // records that it has not processed
	LagSeconds *float64    `json:"lag_seconds,omitempty"` // since the oldest of them was emitted; absent: it has never reported
	Overdue    int         `json:"overdue"`               // reactions to the topic's events, those of parked ones left out
	Parked     int         `json:"parked"`                // events of the topic
	Partitions []Partition `json:"partitions"`
	Events     []Rate      `json:"events"`
}

// Partition is how far a service is in one partition of a topic.
type Partition struct {
	N         int     `json:"n"`
	LagEvents int64   `json:"lag_events"`
	Owner     string  `json:"owner,omitempty"`          // the process; empty: it has none, or none is known
	Silent    float64 `json:"silent_seconds,omitempty"` // how long it has had no owner
}

// Rate is how many events of a type there were.
type Rate struct {
	Type      string  `json:"type"`
	PerMinute float64 `json:"per_minute"`
}

// CallRate is a question that a service asks an outside party. Questions that are about no order are counted in the rate alone.
type CallRate struct {
	Service   string   `json:"service"`
	Question  string   `json:"question"`
	PerMinute float64  `json:"per_minute"`
	Answered  float64  `json:"answered_per_minute"`
	P95       *float64 `json:"p95_seconds,omitempty"` // of the answers; absent: there were none
	Open      int      `json:"open"`
	Oldest    float64  `json:"oldest_seconds,omitempty"` // of the open ones
}

// Process is a running process of a service.
type Process struct {
	Service    string    `json:"service"`
	Process    string    `json:"process"`
	At         time.Time `json:"at"`     // of its last report
	Silent     bool      `json:"silent"` // it has missed reports
	Partitions []int     `json:"partitions"`
}

// Flow tells what goes from service to service.
func (x *Index) Flow(now time.Time) Flow {
	f := Flow{Edges: []Edge{}, Calls: []CallRate{}, Processes: x.processes(now), Silent: x.silent(now), AsOf: now.UTC()}
	edges, calls := map[arrow]*Edge{}, map[asking]*CallRate{}
	for _, k := range x.kinds {
		seen, _ := k.recent.minute(now)
		for _, h := range k.hears {
			if h.service != k.service {
				e := x.edge(edges, k.service, h.service, now)
				e.PerMinute += seen
				e.Events = append(e.Events, Rate{k.name, seen})
			}
		}
		if k.call != nil {
			x.count(calls, k, seen, now)
		}
	}
	x.late(edges, calls, now)
	for _, e := range edges {
		slices.SortFunc(e.Events, func(a, b Rate) int { return cmp.Compare(a.Type, b.Type) })
		f.Edges = append(f.Edges, *e)
	}
	for _, c := range calls {
		f.Calls = append(f.Calls, *c)
	}
	slices.SortFunc(f.Edges, func(a, b Edge) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Service, b.Service))
	})
	slices.SortFunc(f.Calls, func(a, b CallRate) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Question, b.Question))
	})
	return f
}

// arrow names an edge, asking a question, by numbers of services.
type (
	arrow  struct{ from, to int }
	asking struct {
		service  int
		question string
	}
)

// edge is the one between two services, measured when it is met first.
func (x *Index) edge(edges map[arrow]*Edge, from, to int, now time.Time) *Edge {
	at := arrow{from, to}
	if e := edges[at]; e != nil {
		return e
	}
	e := &Edge{Topic: x.names[from] + ".events", Service: x.names[to], Partitions: []Partition{}}
	edges[at] = e
	reported, oldest := false, time.Duration(0)
	for _, p := range x.places {
		if p.topic != e.Topic {
			continue
		}
		events, age := x.behind(to, p, now)
		one := Partition{N: p.partition, LagEvents: events}
		if s := x.stands[stand{to, p.partition}]; s != nil {
			reported = true
			if silence := x.silence(to, p.partition, now); silence > 0 {
				one.Silent = silence.Seconds()
			} else {
				one.Owner = s.process
			}
		}
		e.LagEvents, oldest = e.LagEvents+events, max(oldest, age)
		e.Partitions = append(e.Partitions, one)
	}
	if seconds := oldest.Seconds(); reported || len(e.Partitions) == 0 {
		e.LagSeconds = &seconds
	}
	slices.SortFunc(e.Partitions, func(a, b Partition) int { return cmp.Compare(a.N, b.N) })
	return e
}

// count adds the questions that a kind of event asks.
func (x *Index) count(calls map[asking]*CallRate, k *kind, seen float64, now time.Time) {
	at := asking{k.service, k.call.Ask}
	if calls[at] == nil {
		calls[at] = &CallRate{Service: x.names[k.service], Question: k.call.Ask}
	}
	c := calls[at]
	c.PerMinute += seen
	answers, took := k.answers.minute(now)
	c.Answered += answers
	if p95 := took.quantile(.95); p95 != nil && (c.P95 == nil || *c.P95 < *p95) {
		c.P95 = p95
	}
}

// late adds what sagas wait for, and what was parked.
func (x *Index) late(edges map[arrow]*Edge, calls map[asking]*CallRate, now time.Time) {
	for s := range x.active {
		for _, o := range x.owed(s, now) {
			to, k := x.services[o.Service], x.kinds[x.kindOf[o.On]]
			switch e := edges[arrow{k.service, to}]; {
			case o.Kind == KindCall:
				c := calls[asking{to, k.call.Ask}]
				c.Open, c.Oldest = c.Open+1, max(c.Oldest, now.Sub(o.Since).Seconds())
			case e != nil && o.Overdue && o.Cause != CauseParked && (o.Kind == KindReaction || o.Kind == KindPublication):
				e.Overdue++
			}
		}
	}
	for h, one := range x.parked {
		if e := edges[arrow{x.service(saga.Producer(one.Type)), h.service}]; e != nil && h.form == "event" {
			e.Parked++
		}
	}
}

// processes lists those that have not left, by service and name.
func (x *Index) processes(now time.Time) []Process {
	all := []Process{}
	for service, reported := range x.reported {
		for name, r := range reported {
			if !r.leaving {
				all = append(all, Process{Service: x.names[service], Process: name, At: r.at.UTC(), Silent: !r.alive(now),
					Partitions: []int{}})
			}
		}
	}
	slices.SortFunc(all, func(a, b Process) int {
		return cmp.Or(strings.Compare(a.Service, b.Service), strings.Compare(a.Process, b.Process))
	})
	for at, s := range x.stands {
		if i := slices.IndexFunc(all, func(p Process) bool {
			return p.Service == x.names[at.service] && p.Process == s.process
		}); i >= 0 {
			all[i].Partitions = append(all[i].Partitions, at.partition)
		}
	}
	for _, p := range all {
		slices.Sort(p.Partitions)
	}
	return all
}

// silent lists the services of which no process reports.
func (x *Index) silent(now time.Time) []string {
	silent := []string{}
	for n, name := range x.names[:x.declared] {
		if !x.running(n, now) {
			silent = append(silent, name)
		}
	}
	slices.Sort(silent)
	return silent
}
