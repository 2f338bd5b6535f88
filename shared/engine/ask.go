package engine

import (
	"context"
	"fmt"
	"time"

	"orderflow.example/shared/saga"
)

// Attempt identifies one try at work outside the system.
type Attempt struct {
	ID     string // the id of the event that asks: the idempotency key, the same on every try
	Saga   string // the order it is for
	Number int    // 1 for the first try; above, an earlier try may have succeeded unseen: inquire first
}

// Answerer carries out one question of a choreography.
type Answerer struct {
	Question string
	ask      func(ctx context.Context, a Attempt, asked any) (any, error)
}

// Answer binds a question to the adapter that asks the outside world. The adapter returns the answer, or NotYet to be
// asked again later, or another error, which means that the outcome is unknown: it is called again, with the same id,
// with back-off, until it answers.
func Answer[E, A any](q saga.Question[E, A], ask func(ctx context.Context, a Attempt, asked E) (A, error)) Answerer {
	return Answerer{Question: q.Name(), ask: func(ctx context.Context, a Attempt, asked any) (any, error) {
		return ask(ctx, a, asked.(E))
	}}
}

// NotYet is the error of an adapter that has no answer yet and wants to be asked again after d.
func NotYet(d time.Duration) error { return notYet{d} }

type notYet struct{ after time.Duration }

func (n notYet) Error() string { return fmt.Sprintf("no answer yet, ask again in %v", n.after) }
