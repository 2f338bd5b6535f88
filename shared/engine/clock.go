package engine

import (
	"context"
	"sync/atomic"
	"time"

	"orderflow.example/shared/database"
)

// clock is the time of the service's database, carried on by this machine's monotonic clock. Times that
// other processes compare (record times, expiries) are taken from it: a process whose own clock is a day ahead blocks nothing.
type clock struct{ last atomic.Pointer[reading] }

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
