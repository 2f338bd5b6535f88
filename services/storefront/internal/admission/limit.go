package admission

import (
	"math"
	"time"
)

// limit is how many orders may wait: as many as the installation works off within a time. How many those are shows while
// enough of them wait that it has all to do; while it has less, it shows only that it can do more than was known.
type limit struct {
	within   time.Duration
	rate     float64 // orders worked off in a second
	waiting  int     // at the last look, and admitted since
	shedding bool
}

const (
	least  = 1000            // orders may wait whatever is known of the installation
	enough = least / 2       // that wait show how fast they are worked off
	memory = 5 * time.Second // what was seen longer ago counts for little
	resume = 0.75            // of the limit is where orders are admitted again
)

func (l *limit) most() float64 { return max(least, l.rate*l.within.Seconds()) }

// admit counts an order in, or tells in how many seconds to come again.
func (l *limit) admit() (again int) {
	if l.shedding = l.shedding || float64(l.waiting+1) > l.most(); !l.shedding {
		l.waiting++
		return 0
	}
	over := float64(l.waiting) - resume*l.most()
	return max(1, int(math.Ceil(over*l.within.Seconds()/l.most())))
}

// look takes in how many orders wait now, and how many were worked off in the time before; 0 where that is not known.
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
