package engine

import (
	"context"

	"orderflow.example/shared/saga"
)

// Outcome is what a command led to, committed.
type Outcome struct {
	State   any          // the state of its key afterwards
	Emitted []saga.Event // empty where the machine refused: State says why
}

// Submit lets the service decide a command about a key, in one transaction with whatever else waits, and returns once
// that is committed. An error means that nothing happened, except for database.ErrCommitUnknown.
func (e *Engine) Submit(ctx context.Context, key string, command saga.Event) (Outcome, error) {
	return e.submit(ctx, key, command)
}
