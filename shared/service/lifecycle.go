package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// StopTimeout bounds the time for stopping everything together, unless the configuration has another.
const StopTimeout = 10 * time.Second

// Lifecycle stops the started parts, the last first. The zero value is ready.
type Lifecycle struct {
	Limit time.Duration // 0 means StopTimeout

	mu    sync.Mutex
	parts []part
}

type part struct {
	name string
	stop func(ctx context.Context) error
}

// Add registers how a part that has just been started is stopped.
func (l *Lifecycle) Add(name string, stop func(ctx context.Context) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.parts = append(l.parts, part{name, stop})
}

// AddCloser is Add for a part that needs no context.
func (l *Lifecycle) AddCloser(name string, stop func() error) {
	l.Add(name, func(context.Context) error { return stop() })
}

// Stop stops all parts and returns every failure. The contexts of the parts end together, after the limit; a part that
// does not end with its context is abandoned after a moment, so that it cannot keep the others from stopping. A second
// call does nothing.
func (l *Lifecycle) Stop() error {
	l.mu.Lock()
	parts := l.parts
	l.parts = nil
	l.mu.Unlock()
	limit := cmp.Or(l.Limit, StopTimeout)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	var failures []error
	for i := len(parts) - 1; i >= 0; i-- {
		if err := parts[i].end(ctx, limit/10); err != nil {
			failures = append(failures, fmt.Errorf("stopping %s: %w", parts[i].name, err))
		}
	}
	return errors.Join(failures...)
}

func (p part) end(ctx context.Context, moment time.Duration) error {
	ended := make(chan error, 1)
	go func() { ended <- p.stop(ctx) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(moment):
		return errors.New("it did not stop in time")
	}
}
