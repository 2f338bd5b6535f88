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
	searchEvery = 15 * time.Second
	vanishing   = 24 * time.Hour // a file that was read again is looked at for so long
	patience    = 2              // days: a movement late in the evening may be in the file of the day after
	atOnce      = 100
)

// startSearch tells, now and then until it is stopped, the orders with a movement that no settlement file had, or has no more. A
// deadline for each movement would do as well, and cost each order a row for days. Several processes of the service may search.
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
	err := tellAll(func(after string) (string, []string, error) { return store.Missing(ctx, p.DB, patience, after, atOnce) },
		func(order, through string) error {
			_, err := p.Engine.Submit(ctx, order, reporting.ReportMissing.Of(reporting.Missing{Through: through}))
			return err
		})
	if err != nil {
		return err
	}
	files, err := store.ReadAgain(ctx, p.DB, reporting.Written(time.Now().Add(-vanishing)))
	for _, f := range files {
		err = errors.Join(err, tellAll(func(after string) (reporting.Vanished, []string, error) {
			orders, err := store.WithoutLine(ctx, p.DB, f, after, atOnce)
			return f, orders, err
		}, func(order string, v reporting.Vanished) error {
			_, err := p.Engine.Submit(ctx, order, reporting.ReportVanished.Of(v))
			return err
		}))
	}
	return err
}

// tellAll tells each order that is found. One that is parked is found again by the next search; the others do not wait for it.
func tellAll[T any](find func(after string) (about T, orders []string, err error), tell func(order string, about T) error) error {
	for last := ""; ; {
		about, orders, err := find(last)
		if err != nil || len(orders) == 0 {
			return err
		}
		for _, order := range orders {
			if err := tell(order, about); err != nil && !errors.Is(err, engine.ErrParked) {
				return err
			}
			last = order
		}
	}
}
