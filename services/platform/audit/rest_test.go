package audit

import (
	"testing"
	"time"
)

func TestTheLedgerRestsLongerThanItWorkedButLooksAgainWithinAMinute(t *testing.T) {
	t.Parallel()
	var c Config
	c.defaults()
	for worked, want := range map[time.Duration]time.Duration{
		0: lookBusy, 100 * time.Millisecond: lookBusy, 2 * time.Second: 20 * time.Second, 31 * time.Second: time.Minute,
	} {
		if got := c.restAfter(worked, lookBusy); got != want {
			t.Errorf("after %v it rests %v, want %v", worked, got, want)
		}
	}
}
