package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"orderflow.example/services/platform/progress"
)

// Options configure a replay.
type Options struct {
	StorefrontURL string
	OperatorsURL  string
	Key           []byte // signs the platform's tokens

	Plan     *Plan
	Rate     float64           // orders per second; 0 is unlimited
	Patience time.Duration     // how long the platform may be unreachable, or no saga end; 0 is two minutes
	Progress progress.Progress // nil is silent

	look time.Duration // poll interval for open orders; 0 is half a second
}

const (
	inFlight = 64   // concurrent requests
	maxOpen  = 4000 // concurrent sagas, by the last poll
)

// Run executes the plan and waits until every saga has ended. The report is complete, and its rows add up, whenever the
// error is nil; it may name orders that did not end.
func Run(ctx context.Context, o Options) (Report, error) {
	o.defaults()
	client, err := newClient(o, inFlight)
	if err != nil {
		return Report{}, err
	}
	if err := client.hello(ctx); err != nil {
		return Report{}, err
	}
	r := newReplay(o, o.Plan, client)
	if err := r.furnish(ctx); err != nil {
		return Report{}, fmt.Errorf("catalogue and stock: %w", err)
	}
	if err := r.run(ctx); err != nil {
		return Report{}, err
	}
	return r.report(ctx)
}

func (o *Options) defaults() {
	if o.Patience == 0 {
		o.Patience = 2 * time.Minute
	}
	if o.look == 0 {
		o.look = 500 * time.Millisecond
	}
	if o.Progress == nil {
		o.Progress = progress.Silent{}
	}
}

// run executes the steps in their order; goroutines beside it poll for orders that ended or wait for review.
func (r *replay) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	done, stop := context.WithCancel(ctx)
	group.Go(func() error { return r.steps(ctx) })
	group.Go(func() error { defer stop(); return r.watch(ctx) })
	group.Go(func() error {
		if err := r.review(done); done.Err() == nil {
			return err
		}
		return nil
	})
	err := group.Wait()
	if errors.Is(err, errStuck) {
		return nil // the report names them
	}
	return err
}
