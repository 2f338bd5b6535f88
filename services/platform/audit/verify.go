package audit

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"orderflow.example/services/platform/eventlog"
	"orderflow.example/services/platform/world/gateway"
	"orderflow.example/shared/database"
	"orderflow.example/shared/service"
)

// Config says what to check.
type Config struct {
	Kafka      eventlog.Log
	Apps       []service.App
	Databases  map[string]*database.DB // by service; apps without one are left out
	Partitions int                     // of every topic; 0 means as many as the services have
	Book       Book                    // nil: there is no witness for money
	Mails      Mails                   // nil: there is no witness for mail
	Log        *slog.Logger            // nil is silent

	// Patience is how long to wait for a missing number on a topic, or for a service without progress; 0 means 10 s. Every
	// progress restarts it.
	Patience time.Duration
	// Rest is how many times as long as it worked a Ledger rests; 0 means 10.
	Rest int
	// Progress is called with the number of events read so far. It must not block.
	Progress func(events int64)
}

func (c *Config) defaults() {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Patience == 0 {
		c.Patience = 10 * time.Second
	}
	if c.Rest == 0 {
		c.Rest = 10
	}
}

// atOnce is how many services are read at the same time.
const atOnce = 2

// picture is the data of the checks. Each look adds the changes since the previous one: Run is one look at a new picture, the
// Ledger is a series of looks.
type picture struct {
	Config
	services    map[string]*snapshot     // of this look
	ends        map[string]map[int]int64 // by service and partition: the last number given once all were looked at
	mailed      int64                    // how many messages the mail server took
	book        []gateway.Entry          // what is new in it since the last look
	mailedTwice []string                 // ids

	read   int64             // the last entry read
	traces map[string]*trace // by service whose topic is read
	facts  *facts

	again       bool          // there will be another look: some checks wait for it, and settled facts are compacted
	look        uint32        // the number of this one
	readingTime time.Duration // of this look: for reading topics, waiting and resting included
	incomplete  string        // why some topic lacks committed events; "" if none does

	stands func(ctx context.Context, service string) (map[place]int64, error) // its watermarks by now
	outbox readOutbox
	rest   func(ctx context.Context, worked time.Duration) // after each piece of work; nil goes on at once
}

func newPicture(c Config) *picture {
	c.defaults()
	p := &picture{Config: c, traces: map[string]*trace{}, facts: newFacts()}
	p.facts.tell, p.stands, p.outbox = c.Progress, p.standsAt, p.readOutbox
	for _, app := range c.Apps {
		if app.Model.News != nil {
			p.facts.news = app.Model.News
		}
	}
	return p
}

// Run checks everything. An error means that a database or the broker failed.
func Run(ctx context.Context, c Config) (Report, error) {
	start := time.Now()
	p := newPicture(c)
	if err := p.see(ctx); err != nil {
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
	if !p.again { // progress shows from one look to the next; Run has only one
		progress, err := p.standing(ctx)
		if err != nil {
			return r, err
		}
		r.Checks = append(r.Checks, progress)
	}
	p.enter()
	across := []Check{checkSagas(p), checkEnds(p),
		checkMoney(p), checkAgreement(p), checkJournal(p), checkSettled(p), checkInvoices(p), checkNumbers(p), checkMessages(p),
		checkStock(p), checkParcels(p), checkReservations(p)}
	if p.Mails != nil {
		across = append(across, checkMails(p))
	}
	if p.incomplete != "" {
		for i, c := range across { // what is missing there would be missing in each of these
			across[i] = Check{Name: c.Name, Says: c.Says, Of: c.Of, Skipped: notComplete}
		}
	}
	r.Checks = append(append(r.Checks, checkParked(p)), across...)
	r.Events = p.facts.events
	r.Sagas, r.Open = p.sagas()
	return r, err
}

// see takes the snapshots, then reads the book, then the last numbers of all services.
func (p *picture) see(ctx context.Context) error {
	var mu sync.Mutex
	services, ends := map[string]*snapshot{}, map[string]map[int]int64{}
	err := p.eachApp(ctx, func(ctx context.Context, app service.App, db *database.DB) error {
		s, err := take(ctx, app, db, p.traces[app.Name])
		mu.Lock()
		defer mu.Unlock()
		services[app.Name] = s
		return err
	})
	if err != nil {
		return err
	}
	var book []gateway.Entry
	if p.Book != nil {
		if book, err = p.Book(ctx, p.read); err != nil {
			return err
		}
	}
	if p.Mails != nil {
		if p.mailed, p.mailedTwice, err = p.Mails(ctx); err != nil {
			return err
		}
	}
	err = p.eachApp(ctx, func(ctx context.Context, app service.App, db *database.DB) error {
		numbers, err := counters(ctx, db)
		if err != nil {
			return fmt.Errorf("read the database of %s: %w", app.Name, err)
		}
		mu.Lock()
		defer mu.Unlock()
		ends[app.Name] = numbers
		return nil
	})
	if err == nil {
		p.services, p.ends, p.book = services, ends, append(p.book, book...)
	}
	return err
}

func (p *picture) eachApp(ctx context.Context, fn func(ctx context.Context, app service.App, db *database.DB) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	if p.again {
		group.SetLimit(1) // leave the processor to others
	}
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
