package run

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"orderflow.example/shared/embedded"
)

// A private Postgres that dies is restarted, but at most mostDeaths times within deathsWithin.
const (
	mostDeaths   = 5
	deathsWithin = time.Minute
	restartTime  = time.Minute // its recovery included
)

// privatePostgres is a server that is restarted when it exits.
type privatePostgres struct {
	config embedded.PostgresConfig
	server *embedded.Postgres
	log    *slog.Logger
	stop   context.CancelFunc
	ended  chan struct{} // closed when the watch has ended
}

// watchPostgres restarts a server when it exits, until Close, and reports on failed when that does not succeed.
func watchPostgres(config embedded.PostgresConfig, server *embedded.Postgres, failed chan<- error) *privatePostgres {
	ctx, stop := context.WithCancel(context.Background())
	p := &privatePostgres{config: config, server: server, log: config.Logger, stop: stop, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		if err := p.watch(ctx); err != nil && ctx.Err() == nil {
			log := filepath.Join(config.Dir, "postgres.log")
			failed <- fmt.Errorf("the private Postgres exited: %w; its log is in %s", err, log)
		}
	}()
	return p
}

// watch returns when ctx has ended, or the server cannot be restarted.
func (p *privatePostgres) watch(ctx context.Context) error {
	var deaths []time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.server.Done():
		}
		now := time.Now()
		if deaths = append(deaths, now); len(deaths) > mostDeaths && now.Sub(deaths[len(deaths)-1-mostDeaths]) < deathsWithin {
			return fmt.Errorf("it exited %d times within %v", mostDeaths+1, deathsWithin)
		}
		p.log.Error("the private Postgres exited; restarting it", "dir", p.config.Dir)
		if err := p.restart(ctx); err != nil {
			return fmt.Errorf("it cannot be started again: %w", err)
		}
		p.log.Info("the private Postgres runs again", "after", time.Since(now))
	}
}

// restart starts the server on its data, at the address that the services know.
func (p *privatePostgres) restart(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, restartTime)
	defer cancel()
	if err := p.server.Close(); err != nil { // releases its directory
		return err
	}
	url := p.server.URL()
	server, err := embedded.StartPostgres(ctx, p.config)
	if err != nil {
		return err
	}
	if p.server = server; server.URL() != url {
		return fmt.Errorf("its port was taken meanwhile; restart the platform")
	}
	return nil
}

// Close stops the watch and the server.
func (p *privatePostgres) Close() error {
	p.stop()
	<-p.ended
	return p.server.Close()
}
