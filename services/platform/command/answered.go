package command

import (
	"context"
	"errors"
	"time"

	"orderflow.example/shared/database"
	"orderflow.example/shared/kafka"
)

// A probe has probeTimeout for its answer and is repeated after probePause. A server is lost after probeMisses in a row, as a
// single miss may be due to this machine.
const (
	probeTimeout = 4 * time.Second
	probePause   = time.Second
	probeMisses  = 2
)

var errInterrupted = errors.New("interrupted before there was an answer")

// answered runs ask and returns when it returns, when ctx ends, or when probe finds a server that does not answer any more, even
// if ask hangs: the process is about to exit. A nil probe finds nothing.
func answered[T any](ctx context.Context, probe func(context.Context) error, ask func(context.Context) (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	run, stop := context.WithCancel(ctx)
	defer stop()
	answers, lost := make(chan answer, 1), make(chan error, 1)
	go func() {
		value, err := ask(run)
		answers <- answer{value, err}
	}()
	if probe != nil {
		go func() {
			if err := untilLost(run, probe); err != nil {
				lost <- err
			}
		}()
	}
	var none T
	select {
	case a := <-answers:
		if a.err != nil && ctx.Err() != nil {
			return none, errInterrupted
		}
		return a.value, a.err
	case err := <-lost:
		return none, err
	case <-ctx.Done():
		return none, errInterrupted
	}
}

// untilLost probes until a server has missed probeMisses probes in a row; it returns nil when ctx ends.
func untilLost(ctx context.Context, probe func(context.Context) error) error {
	ticks := time.NewTicker(probePause)
	defer ticks.Stop()
	for misses := 0; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
		once, cancel := context.WithTimeout(ctx, probeTimeout)
		err := probe(once)
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			misses = 0
		default:
			if misses++; misses == probeMisses {
				return err
			}
		}
	}
}

// probeServers pings the broker and, if there is one, the database, on a connection that nothing else uses.
func probeServers(broker *kafka.Client, db *database.DB) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := broker.Ping(ctx); err != nil || db == nil {
			return err
		}
		if err := db.Pool().PingContext(ctx); err != nil {
			return errors.New("the database does not answer any more; check that Postgres runs, and start it again")
		}
		return nil
	}
}
