package bench

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// running is a site under load.
type running struct {
	site    *site
	ends    *ends
	started atomic.Int64    // the number of the last saga
	watches context.Context // ends when the ends can no longer be watched
	stop    func()
	failed  chan error
}

// serve opens a site and watches it. It must be closed unless there is an error.
func serve(ctx context.Context, o Options) (*running, error) {
	s, err := open(ctx, o)
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	ends, err := watch(ctx, s)
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	r := &running{site: s, ends: ends, failed: make(chan error, 1)}
	r.watches, r.stop = context.WithCancel(ctx)
	go func() {
		r.failed <- ends.run(r.watches)
		r.stop()
	}()
	return r, nil
}

func (r *running) close() error {
	r.stop()
	return errors.Join(<-r.failed, r.site.close())
}

// measure measures one load, and waits for its last saga.
func (r *running) measure(inFlight int, window time.Duration) (Window, error) {
	l := &load{site: r.site, started: &r.started, ends: r.ends}
	w, err := l.run(r.watches, inFlight, r.site.options.WarmUp, window)
	if err != nil {
		return w, fmt.Errorf("%d in flight: %w", inFlight, err)
	}
	return w, nil
}

// check fails unless every saga ended as it had to.
func (r *running) check(ctx context.Context) error {
	if err := r.site.check(ctx, r.started.Load()); err != nil {
		return fmt.Errorf("the final state after %d sagas is wrong: %w", r.started.Load(), err)
	}
	return nil
}
