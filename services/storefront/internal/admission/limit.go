package admission

import (
	"math"
	"time"
)

// limit is how many orders may wait: as many as the installation processes within a time. The rate is measured while enough
// orders wait to keep it busy; while fewer wait, a measured rate can only raise the known one.
type limit struct {
	within   time.Duration
	rate     float64 // orders processed in a second
	waiting  int     // at the last poll, and admitted since
	shedding bool
}

const (
	least  = 1000            // orders may wait whatever the rate
	enough = least / 2       // waiting orders keep the installation busy
	memory = 5 * time.Second // the time constant of the rate
	resume = 0.75            // of the limit: below it orders are admitted again
)

func (l *limit) most() float64 { return max(least, l.rate*l.within.Seconds()) }

// admit counts an order in, or returns in how many seconds to retry.
func (l *limit) admit() (again int) {
	if l.shedding = l.shedding || float64(l.waiting+1) > l.most(); !l.shedding {
		l.waiting++
		return 0
	}
	over := float64(l.waiting) - resume*l.most()
	return max(1, int(math.Ceil(over*l.within.Seconds()/l.most())))
}

// look notes how many orders wait now, and how many were processed over the time before; 0 if that is not known.
func (l *limit) look(waiting, left int, over time.Duration) {
	if over > 0 {
		seen := max(0, float64(left)) / over.Seconds()
		if seen > l.rate || min(l.waiting, waiting) >= enough {
			l.rate += (seen - l.rate) * -math.Expm1(-over.Seconds()/memory.Seconds())
		}
	}
	l.waiting = waiting
	if float64(waiting) <= resume*l.most() {
		l.shedding = false
	}
}
