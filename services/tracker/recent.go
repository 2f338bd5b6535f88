package tracker

import "time"

// recent counts what happened in the last minute, by the seconds of the events' own times.
type recent struct{ seconds [60]second }

type second struct {
	n    int64 // since 1970
	seen float64
	took durations
}

// note counts one. took is how long it took, in nanoseconds; negative: that does not matter, or is not known.
func (r *recent) note(at, took int64) {
	n := at / int64(time.Second)
	if n < 0 {
		return
	}
	s := &r.seconds[n%int64(len(r.seconds))]
	if s.n > n {
		return
	}
	if s.n < n {
		*s = second{n: n}
	}
	if s.seen++; took >= 0 {
		s.took.add(took)
	}
}

// minute sums up the minute that ends with the last second that is over.
func (r *recent) minute(now time.Time) (seen float64, took durations) {
	over := now.Unix() - 1
	took = durations{}
	for i := range r.seconds {
		s := &r.seconds[i]
		if s.n > over || s.n <= over-int64(len(r.seconds)) {
			continue
		}
		seen += s.seen
		for bucket, n := range s.took {
			took[bucket] += n
		}
	}
	return seen, took
}
