package engine

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/tracing"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations create the engine's tables, in their own schema of the service's database.
var Migrations, _ = fs.Sub(files, "migrations")

// Config says what an engine runs and on what.
type Config struct {
	Service    string
	Bindings   []Binding
	Answerers  []Answerer
	Partitions int // of every topic
	DB         *database.DB
	Kafka      *kafka.Client
	Log        *slog.Logger          // nil is silent
	Registerer prometheus.Registerer // nil: metrics are not exported
	Traces     *tracing.Service      // nil: no spans are recorded

	BatchSize       int           // most inputs in one transaction; 0 means 500
	LeaseExpiry     time.Duration // an owner silent for so long is replaced; 0 means 3 s
	OutboxRetention time.Duration // published events older than this leave the outbox; 0 means 7 days

	ValidateProduced bool // check events against their schemas; a breach parks the input they follow from
}

// Engine runs the machines of one service in one process. Several processes share the partitions.
type Engine struct {
	Config
	id       string
	topics   []string         // consumed, beside the control topic
	lanes    map[string]*lane // by the type of the own event that starts a call
	failures failures
	metrics  *metrics
	clock    clock
	lease    *lease
	running  registry
	commits  committer
	fetcher  *fetcher
	producer *kafka.Producer
	controls sync.Mutex // for publishing to the control topic
	reports  chan Report
	nonOwner *worker // commits commands about partitions that other processes own

	parkedRows atomic.Int64     // in all partitions, by the last survey
	parkedAt   time.Time        // when there were some last; used by maintain alone
	positions  []kafka.Position // reported last; used by maintain alone

	cancel     context.CancelFunc
	done       sync.WaitGroup
	publishing bool // and nothing else
}

// New checks that every call has an adapter and that the machines fit together; it does no I/O.
func New(c Config) (*Engine, error) {
	c.BatchSize = or(c.BatchSize, 500)
	c.LeaseExpiry = or(c.LeaseExpiry, 3*time.Second)
	c.OutboxRetention = or(c.OutboxRetention, 7*24*time.Hour)
	c.Bindings = WithLookups(c.Bindings)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Log = c.Log.With("service", c.Service)
	e := &Engine{Config: c, id: uuid.NewString(), lanes: map[string]*lane{}, reports: make(chan Report, 1),
		running: registry{partitions: map[int]*partition{}}}
	lanes := map[string]*lane{}
	for _, a := range c.Answerers {
		lanes[a.Question] = newLane(e, a)
	}
	for _, b := range c.Bindings {
		if b.Machine.Service != c.Service {
			return nil, fmt.Errorf("engine: machine %s does not belong to service %s", b.Machine, c.Service)
		}
		for _, name := range b.Machine.Hears() {
			if topic := saga.Topic(name); !slices.Contains(e.topics, topic) {
				e.topics = append(e.topics, topic)
			}
		}
		if err := errors.Join(loopbacks(b.Machine, c.Bindings), versions(b.Machine, c.Bindings)); err != nil {
			return nil, err
		}
		for _, r := range b.Machine.Rows {
			if r.Form != saga.Calling {
				continue
			}
			if e.lanes[r.On.Name()] = lanes[r.Ask]; lanes[r.Ask] == nil {
				return nil, fmt.Errorf("engine: nothing answers %s, which %s asks", r.Ask, b.Machine)
			}
		}
	}
	e.failures = failuresOf(c.Bindings)
	e.metrics = newMetrics(c.Registerer, e)
	e.lease = newLease(e)
	e.fetcher = newFetcher(e)
	if c.Kafka != nil {
		e.producer = c.Kafka.NewProducer()
	}
	e.nonOwner = newWorker(e, noPartition, 0)
	return e, nil
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Start prepares the engine's rows and starts the work. The migrations must have run and the topics must exist. The number of
// partitions cannot change after the first start.
func (e *Engine) Start(ctx context.Context) error {
	if err := e.clock.read(ctx, e.DB); err != nil {
		return fmt.Errorf("engine %s: read the database's clock: %w", e.Service, err)
	}
	if err := e.prepare(ctx); err != nil {
		return fmt.Errorf("engine %s: %w", e.Service, err)
	}
	run, cancel := context.WithCancel(context.Background())
	e.cancel = cancel
	for _, loop := range []func(context.Context){
		e.lease.run, e.fetcher.run, e.control, e.maintain, e.others, e.publishReports,
		func(ctx context.Context) { _ = e.nonOwner.run(ctx) },
	} {
		e.done.Go(func() { loop(run) })
	}
	return nil
}

func (e *Engine) prepare(ctx context.Context) error {
	return database.Transact(ctx, e.DB, func(tx *gorm.DB) error {
		if err := tx.Exec(`SELECT pg_advisory_xact_lock($1, -1)`, partitionClass).Error; err != nil {
			return err
		}
		var there int
		if err := tx.Raw(`SELECT count(*) FROM engine.counter`).Row().Scan(&there); err != nil {
			return err
		}
		if there != 0 && there != e.Partitions {
			return fmt.Errorf(
				"its tables have %d partitions, not %d: start it with --partitions %d; keys would move to other partitions, "+
					"away from what is kept of them", there, e.Partitions, there)
		}
		if there == 0 {
			if err := e.unused(ctx); err != nil {
				return err
			}
		}
		return tx.Exec(`WITH p AS (SELECT generate_series(0, $1::int - 1) AS partition),
			a AS (INSERT INTO engine.lease (partition) SELECT partition FROM p ON CONFLICT DO NOTHING),
			b AS (INSERT INTO engine.counter (partition) SELECT partition FROM p ON CONFLICT DO NOTHING),
			c AS (INSERT INTO engine.published (partition) SELECT partition FROM p ON CONFLICT DO NOTHING),
			d AS (INSERT INTO engine.watermark (topic, partition) VALUES ($2, 0) ON CONFLICT DO NOTHING)
			SELECT 1`, e.Partitions, ControlTopic).Error
	})
}

// unused refuses a topic with events beside a new database: numbers would begin again.
func (e *Engine) unused(ctx context.Context) error {
	if e.Kafka == nil || len(e.Bindings) == 0 {
		return nil
	}
	partitions := make([]int, e.Partitions)
	for p := range partitions {
		partitions[p] = p
	}
	first, next, err := e.Kafka.Offsets(ctx, e.topic(), partitions)
	if err != nil {
		return nil // nothing is published before the topic was compared, and then it is seen
	}
	for p := range partitions {
		if next[p] > first[p] {
			return fmt.Errorf("its database is new and its topic %s holds events: if the database was lost, bring it back with "+
				"`orderflow replay %s --apply`; if the topic is another installation's, give this one a cluster of its own",
				e.topic(), e.Service)
		}
	}
	return nil
}

// Stop finishes the batches under way, releases the partitions and publishes the committed events, as long as ctx allows.
func (e *Engine) Stop(ctx context.Context) error {
	if e.cancel == nil {
		return nil
	}
	e.lease.giveBack(ctx)
	e.cancel()
	stopped := make(chan struct{})
	go func() { e.done.Wait(); close(stopped) }()
	select {
	case <-stopped:
		if !e.publishing {
			e.leave(ctx)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("engine %s: still stopping: %w", e.Service, ctx.Err())
	}
}

// Owned lists the partitions this process works on now.
func (e *Engine) Owned() []int {
	var owned []int
	for _, p := range e.running.all() {
		owned = append(owned, p.partition)
	}
	return owned
}

// AwaitOwned returns once this process works on at least n partitions.
func (e *Engine) AwaitOwned(ctx context.Context, n int) error {
	for len(e.Owned()) < n {
		if !sleep(ctx, 10*time.Millisecond) {
			return fmt.Errorf("engine %s: owns %d of %d partitions: %w", e.Service, len(e.Owned()), n, ctx.Err())
		}
	}
	return nil
}

// Check names the owned partitions that are stopped, and why; nil if all work.
func (e *Engine) Check(context.Context) error {
	var faults []error
	if x := e.lease.loss.Load(); x != nil && time.Since(x.since) > slowBatch {
		faults = append(faults, fmt.Errorf("%s: the %d partitions it had stand still since %v: its lease session is lost: %s",
			e.Service, x.partitions, time.Since(x.since).Round(time.Second), line(x.err.Error())))
	}
	for _, p := range e.lease.owns() {
		if since, reason := p.standstill(); !since.IsZero() {
			faults = append(faults, fmt.Errorf("%s: partition %d stands still since %s: %s", e.Service, p.partition,
				since.Format(time.TimeOnly), reason))
		}
	}
	return errors.Join(faults...)
}

func (e *Engine) submit(ctx context.Context, key string, command saga.Event) (Outcome, error) {
	command.Key, command.Saga = key, key
	for _, b := range e.Bindings {
		if b.Machine.Kind(command.Type) != nil {
			if p := e.owner(key); p != nil {
				return p.submit(ctx, command)
			}
			return e.nonOwner.submit(ctx, command)
		}
	}
	return Outcome{}, fmt.Errorf("engine: no machine of %s takes the command %s", e.Service, command.Type)
}

// owner is the partition of the key, nil where this process does not work on it.
func (e *Engine) owner(key string) *partition {
	return e.running.of(kafka.PartitionOf(key, e.Partitions))
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
