package watch

import (
	"context"
	"errors"
	"time"

	"orderflow.example/services/tracker"
	"orderflow.example/shared/engine"
)

// The errors of moving a deadline.
var (
	ErrNoDeadline  = errors.New("there is no such deadline")
	ErrSettled     = errors.New("the deadline was settled, or has fired")
	ErrUnconfirmed = errors.New("the service that owns the deadline has not confirmed")
)

// confirmWithin is how long the owner of a deadline may take to confirm a change.
const (
	confirmWithin = 10 * time.Second
	confirmPoll   = 50 * time.Millisecond
)

// Move has the service that owns a deadline move it, or take it off if due is nil, and returns it before and after. A deadline
// moved into the past fires, and is returned as requested.
func (w *Watcher) Move(ctx context.Context, id string, due *time.Time, by string) (before, after tracker.Deadline, err error) {
	before, err = w.find(id)
	if err != nil {
		return before, after, err
	}
	asked := time.Now()
	err = w.Read(func(x *tracker.Index, _ time.Time) { // later reports have later times than this, whatever the clocks
		if last := x.Reported(before.Service); asked.Before(last) {
			asked = last
		}
	})
	if err != nil {
		return before, after, err
	}
	asked = asked.UTC().Truncate(time.Microsecond) // as precise as a database keeps it
	if due != nil {
		at := due.UTC().Truncate(time.Microsecond)
		due = &at
	}
	err = engine.RequestMove(ctx, w.Kafka, engine.Move{Service: before.Service,
		Moved: engine.Moved{ID: before.ID, Key: before.Key, Since: before.Since, DueAt: due, By: by, At: asked}})
	if err != nil {
		return before, after, err
	}
	for patience := time.Now().Add(confirmWithin); time.Now().Before(patience) && pause(ctx, confirmPoll); {
		after, err = w.find(id)
		switch {
		case err == nil && isConfirmed(before, after, due, by):
			return before, after, nil
		case errors.Is(err, ErrSettled) && due != nil && !due.After(time.Now()):
			after = before
			after.DueAt, after.By, after.At = due, by, &asked
			return before, after, nil
		case err != nil:
			return before, after, err
		}
	}
	return before, after, ErrUnconfirmed
}

// isConfirmed tells whether a deadline was changed as requested since. The time of the change is its owner's.
func isConfirmed(before, after tracker.Deadline, due *time.Time, by string) bool {
	changed := after.At != nil && (before.At == nil || after.At.After(*before.At))
	same := due == nil && after.DueAt == nil || due != nil && after.DueAt != nil && after.DueAt.Equal(*due)
	return changed && same && after.By == by
}

func (w *Watcher) find(id string) (d tracker.Deadline, err error) {
	behind := w.Read(func(x *tracker.Index, now time.Time) {
		var runs, known bool
		switch d, runs, known = x.Deadline(id, now); {
		case known && !runs:
			err = ErrSettled
		case !known:
			err = ErrNoDeadline
		}
	})
	return d, errors.Join(err, behind)
}
