package engine

import (
	"context"
	"time"

	"orderflow.example/shared/engine/parked"
)

// quietRedrives is how long redrives are still advanced after the last parked row is gone: by then all have ended.
const quietRedrives = 5 * time.Second

// advanceRedrives advances the redrives of the service. Every process of the service tries, and one does it.
func (e *Engine) advanceRedrives(ctx context.Context) error {
	if now := time.Now(); e.parkedRows.Load() > 0 || e.parkedAt.IsZero() {
		e.parkedAt = now
	} else if now.Sub(e.parkedAt) > quietRedrives {
		return nil
	}
	return parked.Advance(ctx, e.DB.Gorm())
}
