package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"orderflow.example/shared/saga"
)

// Attempt identifies one try at work outside the system.
type Attempt struct {
	ID     string // the id of the event that asks: the idempotency key, the same on every try
	Saga   string // the order it is for
	Number int    // 1 for the first try; above, an earlier try may have succeeded unseen: inquire first
	// Restored is set if the database was lost or set back since the question was asked: what the adapter kept there of earlier
	// tries may be gone.
	Restored bool
}

// Answerer carries out one question of a choreography.
type Answerer struct {
	Question string
	atOnce   int
	rate     float64
	ask      func(ctx context.Context, a Attempt, asked any) (any, error)
}

// Answer binds a question to the adapter that asks the outside world. The adapter returns the answer; or NotYet, to be asked
// again later; or Refused, when asking again cannot help; or another error, which means that the outcome is unknown: the engine
// calls it again, with the same id and back-off, until it answers.
func Answer[E, A any](q saga.Question[E, A], ask func(ctx context.Context, a Attempt, asked E) (A, error)) Answerer {
	return Answerer{Question: q.Name(), ask: func(ctx context.Context, a Attempt, asked any) (any, error) {
		return ask(ctx, a, asked.(E))
	}}
}

// Limited bounds how often this process asks the question: so many tries at once, and so many a second. 0 leaves the default,
// 64 and 1,000.
func (a Answerer) Limited(atOnce int, perSecond float64) Answerer {
	a.atOnce, a.rate = atOnce, perSecond
	return a
}

// NotYet is the error of an adapter that has no answer yet and wants to be asked again after d.
func NotYet(d time.Duration) error { return notYet{d} }

type notYet struct{ after time.Duration }

func (n notYet) Error() string { return fmt.Sprintf("no answer yet, ask again in %v", n.after) }

// Refused is the error of an adapter whose request was rejected as such: a retry would be rejected too. The question is
// parked for an operator, who has it asked again or discards it; its saga goes on meanwhile.
func Refused(err error) error { return refused{err} }

// IsRefused tells whether the error is one of Refused.
func IsRefused(err error) bool { return errors.As(err, new(refused)) }

type refused struct{ error }

func (r refused) Unwrap() error { return r.error }
