package engine

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"orderflow.example/shared/database"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
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

	BatchSize   int           // most inputs in one transaction; 0 means 500
	CallWorkers int           // most questions asked at once; 0 means 64
	LeaseExpiry time.Duration // an owner silent for so long is replaced; 0 means 3 s

	ValidateProduced bool // an event that is not what its version says parks what it follows from
}

// Engine runs the machines of one service in one process. Several processes share the partitions.
type Engine struct {
	Config
	id        string
	topics    []string // consumed, beside the control topic
	answerers map[string]Answerer
	metrics   *metrics
	lease     *lease
	feed      *feed
	publisher *publisher
	calls     *calls
	moves     chan Moved
	standings chan Standing
	guest     *worker // commits commands about partitions that other processes own

	mu      sync.Mutex
	workers map[int]*worker // of the partitions owned

	cancel context.CancelFunc
	done   sync.WaitGroup
}

// New checks that everything asked can be answered and that the machines fit together; it does no I/O.
func New(c Config) (*Engine, error) {
	c.BatchSize = or(c.BatchSize, 500)
	c.CallWorkers = or(c.CallWorkers, 64)
	c.LeaseExpiry = or(c.LeaseExpiry, 3*time.Second)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Log = c.Log.With("service", c.Service)
	e := &Engine{Config: c, id: uuid.NewString(), answerers: map[string]Answerer{}, workers: map[int]*worker{},
		moves: make(chan Moved, askedBefore), standings: make(chan Standing, 1)}
	for _, a := range c.Answerers {
		e.answerers[a.Question] = a
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
		for _, r := range b.Machine.Rows {
			if _, ok := e.answerers[r.Ask]; r.Form == saga.Calling && !ok {
				return nil, fmt.Errorf("engine: nothing answers %s, which %s asks", r.Ask, b.Machine)
			}
		}
	}
	e.metrics = newMetrics(c.Registerer, c.Service)
	e.lease = newLease(e)
	e.feed = newFeed(e)
	e.publisher = newPublisher(e)
	e.calls = newCalls(e)
	e.guest = newWorker(e, guestPartition, 0)
	return e, nil
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Start prepares the engine's rows and begins to work. The migrations must have run and the topics must exist.
func (e *Engine) Start(ctx context.Context) error {
	err := e.DB.Gorm().WithContext(ctx).Exec(`
		WITH p AS (SELECT generate_series(0, $1::int - 1) AS partition),
		a AS (INSERT INTO engine.lease (partition) SELECT partition FROM p ON CONFLICT DO NOTHING),
		b AS (INSERT INTO engine.counter (partition) SELECT partition FROM p ON CONFLICT DO NOTHING),
		c AS (INSERT INTO engine.published (partition) SELECT partition FROM p ON CONFLICT DO NOTHING)
		SELECT 1`, e.Partitions).Error
	if err != nil {
		return fmt.Errorf("engine %s: prepare: %w", e.Service, err)
	}
	run, cancel := context.WithCancel(context.Background())
	e.cancel = cancel
	for _, loop := range []func(context.Context){e.feed.run, e.publisher.run, e.guest.run, e.lease.run, e.chores, e.carryOut, e.say} {
		e.done.Go(func() { loop(run) })
	}
	return nil
}

// Stop finishes the batches under way, gives the partitions back and publishes what is committed, as far as ctx allows.
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
		e.leave(ctx)
		return nil
	case <-ctx.Done():
		return fmt.Errorf("engine %s: still stopping: %w", e.Service, ctx.Err())
	}
}

// Owned lists the partitions this process owns now.
func (e *Engine) Owned() []int {
	e.mu.Lock()
	defer e.mu.Unlock()
	owned := make([]int, 0, len(e.workers))
	for p := range e.workers {
		owned = append(owned, p)
	}
	slices.Sort(owned)
	return owned
}

// AwaitOwned returns once this process owns at least n partitions.
func (e *Engine) AwaitOwned(ctx context.Context, n int) error {
	for len(e.Owned()) < n {
		if !sleep(ctx, 10*time.Millisecond) {
			return fmt.Errorf("engine %s: owns %d of %d partitions: %w", e.Service, len(e.Owned()), n, ctx.Err())
		}
	}
	return nil
}

// own begins the work on a partition just leased.
func (e *Engine) own(ctx context.Context, partition int, epoch int64) error {
	w := newWorker(e, partition, epoch)
	if err := w.load(ctx); err != nil {
		return err
	}
	if err := e.publisher.add(ctx, partition); err != nil {
		return err
	}
	e.mu.Lock()
	e.workers[partition] = w
	e.mu.Unlock()
	w.running, w.cancel = context.WithCancel(context.Background())
	w.stopped.Go(func() { w.run(w.running) })
	e.feed.changed()
	e.calls.resume(w)
	e.Log.Info("partition taken", "partition", partition, "epoch", epoch)
	return nil
}

// disown ends the work on a partition, after the batch under way.
func (e *Engine) disown(partition int, why string) {
	e.mu.Lock()
	w := e.workers[partition]
	delete(e.workers, partition)
	e.mu.Unlock()
	if w == nil {
		return
	}
	e.feed.changed()
	w.cancel()
	w.stopped.Wait()
	e.publisher.remove(partition)
	e.Log.Info("partition left", "partition", partition, "why", why)
}

func (e *Engine) worker(partition int) *worker {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.workers[partition]
}

func (e *Engine) owned() []*worker {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := make([]*worker, 0, len(e.workers))
	for _, w := range e.workers {
		list = append(list, w)
	}
	return list
}

func (e *Engine) submit(ctx context.Context, key string, command saga.Event) (Outcome, error) {
	command.Key, command.Saga = key, key
	for _, b := range e.Bindings {
		if b.Machine.Kind(command.Type) != nil {
			w := e.worker(kafka.PartitionOf(key, e.Partitions))
			if w == nil {
				w = e.guest
			}
			return w.submit(ctx, command)
		}
	}
	return Outcome{}, fmt.Errorf("engine: no machine of %s takes the command %s", e.Service, command.Type)
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
