package run

import (
	"context"
	"errors"
	"time"

	"orderflow.example/services/platform/audit"
	"orderflow.example/services/platform/console"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/service"
)

// ledgerPatience is how long the ledger waits for committed events to be on their topic before it reports that it waits.
const ledgerPatience = 3 * time.Second

// withLedger adds the console to the tracker, and the ledger, which reports to operators whether money and goods are
// conserved. It reads the databases of these services on the tracker's server, wherever the services run.
func withLedger(tracker service.App, services []service.App) service.App {
	watch := tracker.Watch
	tracker.Watch = func(operators *openapi.Routes, p *service.Parts) service.Begin {
		beginWatching := watch(operators, p)
		ledger := audit.NewLedger(p.Registry)
		audit.Register(operators, ledger)
		console.Register(operators)
		return func(ctx context.Context) (stop func(context.Context) error, err error) {
			stopWatching, err := beginWatching(ctx)
			if err != nil {
				return nil, err
			}
			run, cancel := context.WithCancel(context.Background())
			ended := make(chan error, 1)
			go func() { ended <- keep(run, ledger, p, services) }()
			return func(ctx context.Context) error {
				cancel()
				return errors.Join(<-ended, stopWatching(ctx))
			}, nil
		}
	}
	return tracker
}

// keep runs the ledger once the databases of all services exist.
func keep(ctx context.Context, ledger *audit.Ledger, p *service.Parts, services []service.App) error {
	c := p.Config
	there, err := ledger.Await(ctx, p.Log, func(ctx context.Context) (*audit.Connection, error) {
		return audit.Connect(ctx, c.Postgres, services, World)
	})
	if err != nil {
		return nil // ctx has ended
	}
	ledger.Run(ctx, audit.Config{Kafka: p.Kafka, Apps: services, Databases: there.Databases, Book: there.Book, Mails: there.Mails,
		Partitions: c.Partitions, Log: p.Log, Patience: ledgerPatience})
	return there.Close()
}
