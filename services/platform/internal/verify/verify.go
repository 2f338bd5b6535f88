package verify

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"orderflow.example/services/platform/internal/world/gateway"
	"orderflow.example/shared/database"
	"orderflow.example/shared/service"
)

// Config says what to check.
type Config struct {
	Kafka      Log
	Apps       []service.App
	Databases  map[string]*database.DB // by service; apps without one are left out
	Partitions int                     // of every topic; 0 means as many as the services have
	Book       Book                    // nil: there is no witness for money
	Log        *slog.Logger            // nil is silent

	// Patience is how long to wait for a number that is missing on a topic, or for a service that does not get on;
	// 0 means 10 s. Waiting begins anew with every step ahead.
	Patience time.Duration
	// Progress is told how many events were read so far. It must not block.
	Progress func(events int64)
}

// atOnce is how many services are looked at at the same time.
const atOnce = 2

// picture is everything the checks look at.
type picture struct {
	Config
	services map[string]*snapshot
	ends     map[string]map[int]int64 // by service and partition: the last number given once all were looked at
	facts    *facts
	book     []gateway.Entry

	incomplete bool // some topic does not hold all that was committed

	stands func(ctx context.Context, service string) (map[place]int64, error) // its watermarks by now
}

// Run checks everything. An error means that it could not be done: a database or the broker failed.
func Run(ctx context.Context, c Config) (Report, error) {
	start := time.Now()
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Patience == 0 {
		c.Patience = 10 * time.Second
	}
	p := &picture{Config: c, services: map[string]*snapshot{}, ends: map[string]map[int]int64{}, facts: newFacts()}
	p.facts.tell, p.stands = c.Progress, p.standsAt
	if err := p.look(ctx); err != nil {
		return Report{}, err
	}
	r, err := p.check(ctx)
	r.Duration = time.Since(start)
	r.Seconds = r.Duration.Seconds()
	return r, err
}

func (p *picture) check(ctx context.Context) (r Report, err error) {
	if r.Checks, err = p.readTopics(ctx); err != nil {
		return r, err
	}
	progress, err := p.standing(ctx)
	across := []Check{checkSagas(p), checkEnds(p),
		checkMoney(p), checkAgreement(p), checkSettled(p),
		checkStock(p), checkParcels(p), checkReservations(p)}
	if p.incomplete {
		for i, c := range across { // what is missing there would be missing in each of these
			across[i] = Check{Name: c.Name, Says: c.Says, Of: c.Of, Skipped: "the topics are not complete"}
		}
	}
	r.Checks = append(append(r.Checks, progress, checkParked(p)), across...)
	r.Events = p.facts.events
	r.Sagas, r.Open = p.sagas()
	return r, err
}

// look takes the snapshots, then reads the book, then how far every service has come by now.
func (p *picture) look(ctx context.Context) error {
	var mu sync.Mutex
	err := p.eachApp(ctx, func(ctx context.Context, app service.App, db *database.DB) error {
		s, err := take(ctx, app, db)
		mu.Lock()
		defer mu.Unlock()
		p.services[app.Name] = s
		return err
	})
	if err != nil {
		return err
	}
	if p.Book != nil {
		if p.book, err = p.Book(ctx); err != nil {
			return err
		}
	}
	return p.eachApp(ctx, func(ctx context.Context, app service.App, db *database.DB) error {
		ends, err := counters(ctx, db)
		if err != nil {
			return fmt.Errorf("read the database of %s: %w", app.Name, err)
		}
		mu.Lock()
		defer mu.Unlock()
		p.ends[app.Name] = ends
		return nil
	})
}

func (p *picture) eachApp(ctx context.Context, fn func(ctx context.Context, app service.App, db *database.DB) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, app := range p.Apps {
		if db := p.Databases[app.Name]; db != nil {
			group.Go(func() error { return fn(ctx, app, db) })
		}
	}
	return group.Wait()
}

func counters(ctx context.Context, db *database.DB) (map[int]int64, error) {
	ends := map[int]int64{}
	err := each(db.Gorm().WithContext(ctx), `SELECT partition, sequence FROM engine.counter`, func(scan func(...any) error) error {
		var partition int
		var sequence int64
		err := scan(&partition, &sequence)
		ends[partition] = sequence
		return err
	})
	return ends, err
}

// readTopics reads every service's topic and makes the checks that are about one service.
func (p *picture) readTopics(ctx context.Context) ([]Check, error) {
	var mu sync.Mutex
	topics, watermarks, replay := newTopics(), newWatermarks(), newReplay()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, s := range p.services {
		group.Go(func() error {
			ownTopic, ownMarks, ownReplay := newTopics(), newWatermarks(), newReplay()
			complete, err := p.readTopic(ctx, s, ownTopic, ownMarks, ownReplay)
			mu.Lock()
			defer mu.Unlock()
			p.incomplete = p.incomplete || !complete
			topics.take(ownTopic)
			watermarks.take(ownMarks)
			replay.take(ownReplay)
			return err
		})
	}
	err := group.Wait()
	return []Check{replay.done(), topics.done(), watermarks.done()}, err
}

// readTopic tells whether the topic was complete.
func (p *picture) readTopic(ctx context.Context, s *snapshot, topics, watermarks, replay *tally) (complete bool, err error) {
	t := newTrace(p, s, reading{log: p.Kafka, topic: s.app.Topic(), upto: p.ends[s.app.Name], patience: p.Patience}, topics)
	if err := t.run(ctx); err != nil {
		return false, err
	}
	complete = p.checkTopic(t, topics)
	if err := p.checkWatermarks(ctx, t, watermarks); err != nil {
		return false, err
	}
	if !complete {
		replay.broken(s.app.Topic(), "%s cannot be rebuilt: its topic does not hold all that it said", s.app.Name)
		return false, nil
	}
	for _, input := range inputs(t.folds) {
		if err := t.show(ctx, input, p.Kafka); err != nil {
			return false, err
		}
	}
	t.compareStates(replay)
	return true, nil
}
