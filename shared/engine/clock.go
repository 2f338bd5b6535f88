package engine

import (
	"context"
	"sync/atomic"
	"time"

	"orderflow.example/shared/database"
)

// clock is the time of the service's database, carried on by this machine's monotonic clock. Times that
// other processes compare (record times, expiries) are taken from it: a process whose own clock is a day ahead blocks nothing.
type clock struct {
	last    atomic.Pointer[reading]
	stamped atomic.Int64 // the last time given to an event, in microseconds
}

// reading is a time of the database, and the monotonic time of this machine at which it was read.
type reading struct{ database, local time.Time }

// now is the database's time; before the first reading it is this machine's.
func (c *clock) now() time.Time {
	r := c.last.Load()
	if r == nil {
		return time.Now().UTC().Truncate(time.Microsecond)
	}
	return r.database.Add(time.Since(r.local)).UTC().Truncate(time.Microsecond)
}

// stamp is the time of an event that is decided now, later than that of any stamped before: a reading of the database's clock
// can be half a slow answer off, and times are to tell which of two decisions came first. Where the database's clock was set
// back by more than mostAhead, times follow it.
func (c *clock) stamp() time.Time {
	for {
		last, now := c.stamped.Load(), c.now().UnixMicro()
		if now <= last && last-now < mostAhead.Microseconds() {
			now = last + 1
		}
		if c.stamped.CompareAndSwap(last, now) {
			return time.UnixMicro(now).UTC()
		}
	}
}

const mostAhead = 10 * time.Second

// set stores the answer to a query sent at asked. A slow answer is ignored: its age is not known.
func (c *clock) set(database, asked time.Time) {
	took := time.Since(asked)
	if c.last.Load() != nil && took > 100*time.Millisecond {
		return
	}
	c.last.Store(&reading{database.Add(took / 2), time.Now()})
}

// read asks the database for the time.
func (c *clock) read(ctx context.Context, db *database.DB) error {
	var at time.Time
	asked := time.Now()
	if err := db.Gorm().WithContext(ctx).Raw(`SELECT clock_timestamp()`).Row().Scan(&at); err != nil {
		return err
	}
	c.set(at, asked)
	return nil
}
