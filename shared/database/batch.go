package database

import (
	"context"
	"sync"
	"time"
)

// Batch combines concurrent calls into one statement: while one statement runs, the next calls gather. A call never waits
// for others to come.
type Batch[I, O any] struct {
	run     func(ctx context.Context, asked []I) ([]O, error) // one result for each, in order
	mu      sync.Mutex
	waiting []*wish[I, O]
	busy    bool
}

type wish[I, O any] struct {
	asked  I
	answer O
	err    error
	done   chan struct{}
}

const (
	batchSize    = 500
	batchTimeout = 10 * time.Second
)

// NewBatch returns a Batch of calls to run, which returns one result for each argument, in order.
func NewBatch[I, O any](run func(context.Context, []I) ([]O, error)) *Batch[I, O] {
	return &Batch[I, O]{run: run}
}

// Do returns the result, or the error of the whole batch. When ctx ends first the batch goes on without the caller.
func (b *Batch[I, O]) Do(ctx context.Context, asked I) (O, error) {
	w := &wish[I, O]{asked: asked, done: make(chan struct{})}
	b.mu.Lock()
	b.waiting = append(b.waiting, w)
	if !b.busy {
		b.busy = true
		go b.work()
	}
	b.mu.Unlock()
	select {
	case <-w.done:
		return w.answer, w.err
	case <-ctx.Done():
		var none O
		return none, ctx.Err()
	}
}

func (b *Batch[I, O]) work() {
	for {
		b.mu.Lock()
		n := min(len(b.waiting), batchSize)
		if n == 0 {
			b.busy, b.waiting = false, nil
			b.mu.Unlock()
			return
		}
		now := b.waiting[:n:n]
		b.waiting = b.waiting[n:]
		b.mu.Unlock()
		b.answer(now)
	}
}

func (b *Batch[I, O]) answer(now []*wish[I, O]) {
	asked := make([]I, len(now))
	for i, w := range now {
		asked[i] = w.asked
	}
	ctx, cancel := context.WithTimeout(context.Background(), batchTimeout)
	defer cancel()
	answers, err := b.run(ctx, asked)
	for i, w := range now {
		if w.err = err; err == nil {
			w.answer = answers[i]
		}
		close(w.done)
	}
}
