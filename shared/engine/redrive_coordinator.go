package engine

import (
	"context"
	"time"

	"orderflow.example/shared/engine/parked"
)

// quietRedrives is how long after the last row was parked the redrives are still looked at: then all of them have ended.
const quietRedrives = 5 * time.Second

// advanceRedrives takes the redrives of the service a step further. Every process of the service tries, and one does it.
func (e *Engine) advanceRedrives(ctx context.Context) error {
	if now := time.Now(); e.parkedRows.Load() > 0 || e.parkedAt.IsZero() {
		e.parkedAt = now
	} else if now.Sub(e.parkedAt) > quietRedrives {
		return nil
	}
	return parked.Advance(ctx, e.DB.Gorm())
}
