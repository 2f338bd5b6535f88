package platform

import (
	"context"
	"slices"
	"time"

	"orderflow.example/services/platform/internal/verify"
)

// ledgerPatience is how long the ledger waits for what is committed to be on its topic, before it says that it waits.
const ledgerPatience = 3 * time.Second

// addLedger lets operators ask whether money and goods are conserved, where all services run here or the tracker does.
// What it returns lets the ledger begin, once everything runs; it ends before anything else is stopped.
func (p *Platform) addLedger() (begin func()) {
	c := p.Host.Config
	if len(c.Services) > 0 && !slices.Contains(c.Services, "tracker") {
		return func() {}
	}
	ledger := verify.NewLedger(p.Host.Registry)
	verify.Register(p.Host.Operators, p.Host.Auth, ledger)
	return func() {
		config := verify.Config{Kafka: p.Host.Kafka, Apps: Apps, Databases: p.Host.Databases(), Partitions: c.Partitions,
			Log: p.Host.Log, Patience: ledgerPatience}
		if p.Sim != nil {
			config.Book = verify.BookAt(p.OperatorsURL)
		}
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			ledger.Run(ctx, config)
		}()
		p.lifecycle.AddCloser("conservation ledger", func() error {
			cancel()
			<-ended
			return nil
		})
	}
}
