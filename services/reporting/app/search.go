package app

import (
	"context"
	"errors"
	"time"

	"orderflow.example/services/reporting"
	"orderflow.example/services/reporting/internal/store"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/service"
)

const (
	searchEvery = time.Minute
	patience    = 2 // days: a movement late in the evening may be in the file of the day after
	atOnce      = 100
)

// startSearch tells, every minute until it is stopped, the orders with a movement that no settlement file had. A deadline for
// each movement would do as well, and cost each order a row for days. Several processes of the service may search.
func startSearch(p *service.Parts) (stop func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(searchEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := search(ctx, p); err != nil && ctx.Err() == nil {
				p.Log.Warn("could not look for movements that no settlement file had; trying again", "in", searchEvery, "err", err)
			}
		}
	}()
	return func(limit context.Context) error {
		cancel()
		select {
		case <-ended:
			return nil
		case <-limit.Done():
			return limit.Err()
		}
	}
}

func search(ctx context.Context, p *service.Parts) error {
	return tellAll(func(after string) (string, []string, error) { return store.Missing(ctx, p.DB, patience, after, atOnce) },
		func(order, through string) error {
			_, err := p.Engine.Submit(ctx, order, reporting.ReportMissing.Of(reporting.Missing{Through: through}))
			return err
		})
}

// tellAll tells each order that is found. One that is parked is found again by the next search; the others do not wait for it.
func tellAll(find func(after string) (through string, orders []string, err error), tell func(order, through string) error) error {
	for last := ""; ; {
		through, orders, err := find(last)
		if err != nil || len(orders) == 0 {
			return err
		}
		for _, order := range orders {
			if err := tell(order, through); err != nil && !errors.Is(err, engine.ErrParked) {
				return err
			}
			last = order
		}
	}
}
