package engine

import (
	"time"

	"orderflow.example/shared/saga"
)

// outboxRow is an own event as it was committed.
type outboxRow struct {
	Sequence            int64
	ID, Type, Key, Saga string
	Cause               string
	At                  time.Time
	Data                []byte
}

func (r outboxRow) outgoing() outgoing {
	return outgoing{data: r.Data, event: saga.Event{ID: r.ID, Type: r.Type, Key: r.Key, Saga: r.Saga, Cause: r.Cause, Time: r.At}}
}
