package tracker

import (
	"cmp"
	"slices"
	"time"
)

// dated is a number of a topic partition, and when its event was emitted, in Unix nanoseconds.
type dated struct{ sequence, at int64 }

// Numbers are dated once a second, and so many of them are kept: if a service is behind by more, the older half is thinned out.
const (
	datedEvery = time.Second
	datedKept  = 1024
)

// heard lists by service which others hear its topic.
func (x *Index) heard() map[int][]int {
	by := map[int][]int{}
	for _, k := range x.kinds {
		for _, h := range k.hears {
			if h.service != k.service && !slices.Contains(by[k.service], h.service) {
				by[k.service] = append(by[k.service], h.service)
			}
		}
	}
	return by
}

// date notes when a number was emitted, and forgets what all who hear the topic have processed.
func (x *Index) date(p *place, n int64, at time.Time) {
	if i := len(p.dated) - 1; i >= 0 && (n < p.dated[i].sequence || at.UnixNano()-p.dated[i].at < int64(datedEvery)) {
		return
	}
	least := n
	for _, service := range x.audience[p.service] {
		least = min(least, x.reached(service, p))
	}
	if i := p.datedAt(least + 1); i > 0 {
		p.dated = slices.Delete(p.dated, 0, i)
	}
	p.dated = append(p.dated, dated{n, at.UnixNano()})
	if len(p.dated) > datedKept {
		p.dated = thinned(p.dated)
	}
}

// datedAt is the index of the last dated number up to n; -1 if there is none.
func (p *place) datedAt(n int64) int {
	i, found := slices.BinarySearchFunc(p.dated, n, func(d dated, n int64) int { return cmp.Compare(d.sequence, n) })
	if found {
		return i
	}
	return i - 1
}

// thinned keeps the first, and every second one of the older half.
func thinned(all []dated) []dated {
	kept := all[:0]
	for i, d := range all {
		if i%2 == 0 || i >= len(all)/2 {
			kept = append(kept, d)
		}
	}
	return kept
}

// behind is how many records of a partition a service has not processed, and for how long the first of them waits: right within
// a second, and longer ago less exact.
func (x *Index) behind(service int, p *place, now time.Time) (events int64, age time.Duration) {
	reached := x.reached(service, p)
	if events = p.last - reached; events <= 0 {
		return 0, 0
	}
	if len(p.dated) > 0 {
		age = max(0, now.Sub(time.Unix(0, p.dated[max(0, p.datedAt(reached+1))].at)))
	}
	return events, age
}

// timeAnswer notes how long the answer took from which an event follows.
func (x *Index) timeAnswer(s *story, e entry) {
	if e.via != answered {
		return
	}
	for i := range s.entries {
		if asked := &s.entries[i]; asked.id == e.cause && x.kinds[asked.kind].call != nil {
			x.kinds[asked.kind].answers.note(e.at, max(0, e.at-asked.at))
			return
		}
	}
}
