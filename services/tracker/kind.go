package tracker

import (
	"slices"

	"orderflow.example/shared/saga"
)

// kind is what the services declare about one event type.
type kind struct {
	name     string
	service  int           // that emits it
	about    saga.Key      // what it is keyed by
	says     *saga.Machine // of the service that emits it; nil if none does
	hears    []hearer      // services that consume it from its topic
	call     *saga.Row     // by which it asks the outside world
	dropped  map[int]bool  // kinds that drop that question
	deadline *saga.Row     // that runs from it
	settled  map[int]bool  // kinds that settle that deadline
	decides  *saga.Row     // by which a person may answer it before the deadline does
	payload  saga.Kind     // nil if no service declares it
	reacts   bool          // its own service reacts to it
	rows     []*saga.Row   // of its service, that emit it
	pivot    bool          // past it the saga only goes forward
	recent   recent        // its events
	answers  recent        // to the question it asks
}

// hearer is a service that reacts to an event, or shows it.
type hearer struct {
	service int
	emits   bool // it may emit an event in return
}

func (x *Index) kind(name string) int {
	n, known := x.kindOf[name]
	if !known {
		n = len(x.kinds)
		x.kindOf[name] = n
		x.kinds = append(x.kinds, &kind{name: name, service: x.service(saga.Producer(name))})
	}
	return n
}

// declare notes which events a machine emits and consumes, and what it waits for.
func (x *Index) declare(m *saga.Machine) {
	service := x.service(m.Service)
	for i := range m.Rows {
		r := &m.Rows[i]
		for _, said := range r.Emits {
			k := x.kinds[x.kind(said.Name())]
			k.about, k.says, k.payload = said.KeyedBy(), m, said
			k.rows = append(k.rows, r)
			k.pivot = k.pivot || slices.ContainsFunc(r.Pivots, func(p saga.Kind) bool { return p.Name() == k.name })
			x.older(said)
		}
		if saga.IsCommand(r.On) {
			continue
		}
		k := x.kinds[x.kind(r.On.Name())]
		k.about, k.payload = r.On.KeyedBy(), r.On
		x.older(r.On)
		switch {
		case r.Form == saga.Calling:
			k.call, k.dropped = r, x.kindsOf(r.Unless)
		case r.Form == saga.Deadline:
			k.deadline, k.settled = r, x.kindsOf(r.Unless)
		case m.Emits(k.name):
			k.reacts = true
		default:
			k.reacts = k.reacts || k.service == service
			k.heardBy(service, len(r.Emits) > 0)
		}
	}
}

// older applies the declarations of an event's newest version to its earlier versions, unless those have their own.
func (x *Index) older(k saga.Kind) {
	for _, o := range k.Older() {
		if n, known := x.kindOf[o.Name()]; !known || x.kinds[n].payload == nil {
			x.kindOf[o.Name()] = x.kind(k.Name())
		}
	}
}

// recorded is the kind of a record's payload, in the version it was written in.
func (k *kind) recorded(name string) saga.Kind {
	if k.payload != nil {
		for _, o := range k.payload.Older() {
			if o.Name() == name {
				return o.Kind
			}
		}
	}
	return k.payload
}

func (x *Index) kindsOf(all []saga.Kind) map[int]bool {
	set := map[int]bool{}
	for _, k := range all {
		set[x.kind(k.Name())] = true
	}
	return set
}

func (k *kind) heardBy(service int, emits bool) {
	i := slices.IndexFunc(k.hears, func(h hearer) bool { return h.service == service })
	if i < 0 {
		k.hears = append(k.hears, hearer{service: service, emits: emits})
		return
	}
	k.hears[i].emits = k.hears[i].emits || emits
}

func emits(r *saga.Row, name string) bool {
	return slices.ContainsFunc(r.Emits, func(k saga.Kind) bool { return k.Name() == name })
}
