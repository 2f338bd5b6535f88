package app

import (
	"context"
	"time"

	"orderflow.example/services/reporting"
	"orderflow.example/services/reporting/internal/store"
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
	for last := ""; ; {
		through, orders, err := store.Missing(ctx, p.DB, patience, last, atOnce)
		if err != nil || len(orders) == 0 {
			return err
		}
		for _, order := range orders {
			told := reporting.ReportMissing.Of(reporting.Missing{Through: through})
			if _, err := p.Engine.Submit(ctx, order, told); err != nil {
				return err
			}
			last = order
		}
	}
}
