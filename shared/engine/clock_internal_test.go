package engine

import (
	"testing"
	"time"
)

func TestTimesOfEventsGrowWhateverTheReadingsOfTheDatabasesClockSay(t *testing.T) {
	t.Parallel()
	var c clock
	at := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	last := time.Time{}
	for i := range 1000 {
		if i%10 == 0 { // an answer that was slow is off by up to half of what it took
			c.set(at.Add(time.Duration(i%7)*-20*time.Millisecond), time.Now())
		}
		next := c.stamp()
		if !next.After(last) {
			t.Fatalf("event %d was decided at %v, after one at %v", i, next, last)
		}
		last = next
	}
	c.set(at.Add(-time.Hour), time.Now())
	if next := c.stamp(); next.After(at.Add(-59 * time.Minute)) {
		t.Errorf("the database's clock was set back by an hour, and an event is decided at %v", next)
	}
}
