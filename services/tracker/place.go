package tracker

import (
	"slices"
	"strings"
)

// place is the index's state of one partition of a topic.
type place struct {
	where
	service int // that writes it
	last    int64
	missing []span  // numbers below last that were not read
	taken   []int64 // by service: a number up to which it has processed the records, as its own events prove
	dated   []dated // the oldest first; those that a service that hears the topic may not have processed
}

// span is a run of numbers.
type span struct{ from, to int64 }

func (x *Index) place(topic string, partition int) int {
	at := where{topic, partition}
	n, known := x.placeOf[at]
	if !known {
		n = len(x.places)
		x.placeOf[at] = n
		x.places = append(x.places, &place{where: at, service: x.service(strings.TrimSuffix(topic, ".events"))})
	}
	return n
}

// take tells whether a number is new, and notes those that it skips.
func (p *place) take(n int64) bool {
	switch {
	case n <= 0:
		return false
	case n > p.last:
		if n > p.last+1 {
			p.missing = append(p.missing, span{p.last + 1, n - 1})
		}
		p.last = n
		return true
	}
	i := slices.IndexFunc(p.missing, func(s span) bool { return s.from <= n && n <= s.to })
	if i < 0 {
		return false
	}
	s := p.missing[i]
	p.missing = slices.Delete(p.missing, i, i+1)
	if n < s.to {
		p.missing = slices.Insert(p.missing, i, span{n + 1, s.to})
	}
	if s.from < n {
		p.missing = slices.Insert(p.missing, i, span{s.from, n - 1})
	}
	return true
}

// hole is the first missing number above one and below the other; 0 if there is none.
func (p *place) hole(above, below int64) int64 {
	for _, s := range p.missing {
		if n := max(s.from, above+1); n <= s.to && n < below {
			return n
		}
	}
	return 0
}

// infer learns from a service's events how far it has consumed: it processes a partition's records in their order, so that
// an event that follows from one of them proves that all before it were processed. No report is needed.
func (x *Index) infer(s *story, e entry) {
	writer := x.places[e.place].service
	for i := range s.entries {
		if other := &s.entries[i]; e.via == heard && other.id == e.cause && x.fromTopic(other, &e) {
			x.places[other.place].takenBy(writer, other.sequence)
		} else if other.via == heard && other.cause == e.id && x.fromTopic(&e, other) {
			x.places[e.place].takenBy(x.places[other.place].service, e.sequence)
		}
	}
}

// fromTopic tells whether an effect was emitted by a consumer of the cause's topic. It is false if one machine emitted both:
// a machine reacts to its own event on emitting it.
func (x *Index) fromTopic(cause, effect *entry) bool {
	said := x.kinds[cause.kind].says
	return said == nil || said != x.kinds[effect.kind].says
}

func (p *place) takenBy(service int, n int64) {
	for len(p.taken) <= service {
		p.taken = append(p.taken, 0)
	}
	p.taken[service] = max(p.taken[service], n)
}

func (p *place) takenIn(service int) int64 {
	if service < len(p.taken) {
		return p.taken[service]
	}
	return 0
}
