package engine

import (
	"context"

	"orderflow.example/shared/engine/parked"
)

// advanceRedrives takes the redrives of the service a step further. Every process of the service tries, and one does it.
func (e *Engine) advanceRedrives(ctx context.Context) error {
	return parked.Advance(ctx, e.DB.Gorm())
}
