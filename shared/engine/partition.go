package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// LevelRoutine is the level of what happens at every start, once for each partition: for programs that read logs, not for people.
const LevelRoutine = slog.LevelInfo - 1

// partition is one partition of the service while this process owns it: its worker, its publisher and its open calls. Its run is
// sequential and ends with everything it started. Nothing of it is started or stopped from elsewhere, and a later run of the
// same partition is another object.
type partition struct {
	*worker
	publisher *partitionPublisher

	ctx  context.Context // ends when the run is to end
	end  context.CancelCauseFunc
	over chan struct{} // closed when everything has stopped

	mu    sync.Mutex
	phase phase
	since time.Time // of the phase
}

// phase is the phase of a partition's run.
type phase string

const (
	waiting   phase = "waiting for the transactions of its previous owner"
	loading   phase = "loading"
	comparing phase = "comparing its topic with its outbox"
	running   phase = "running"
	draining  phase = "draining"
)

// compareTimeout is how long the run waits for its topic to be compared before the worker starts. If the broker does not answer,
// the worker starts all the same; nothing is published before the comparison.
const compareTimeout = 3 * time.Second

// drainTimeout is how long a run that ends waits until the committed events are published. The next owner publishes the rest.
const drainTimeout = time.Second

// slowBatch is how long one transaction may take before the partition counts as stopped.
const slowBatch = 5 * time.Second

func newPartition(e *Engine, number int, epoch int64) *partition {
	p := &partition{worker: newWorker(e, number, epoch), over: make(chan struct{}), since: time.Now()}
	p.ctx, p.end = context.WithCancelCause(context.Background())
	p.publisher = newPartitionPublisher(e, number)
	p.calls = newOpenCalls(p)
	return p
}

// live runs the partition, from the lease to the last effect. before is its previous run in this process.
func (p *partition) live(before *partition) {
	defer close(p.over)
	err := p.begin(before)
	if err == nil {
		err = p.work()
	}
	if cause := context.Cause(p.ctx); cause != nil && (err == nil || errors.Is(err, context.Canceled)) {
		err = cause
	}
	p.end(err)
	p.e.Log.Info("partition released", "partition", p.partition, "epoch", p.epoch, "why", err)
}

// begin waits for the previous owner's work to end, and loads the positions.
func (p *partition) begin(before *partition) error {
	p.enter(waiting)
	if before != nil {
		select {
		case <-before.over:
		case <-p.ctx.Done():
			return p.ctx.Err()
		}
	}
	for {
		began := time.Now()
		err := p.load(p.ctx)
		if err == nil || p.ctx.Err() != nil {
			return err
		}
		sleep(p.ctx, p.stall.because(p.e, p.partition, began, fmt.Errorf("cannot be loaded: %w", err)))
	}
}

// work runs the partition until its context ends or its worker fails.
func (p *partition) work() error {
	publishing, stopPublishing := context.WithCancel(context.Background())
	var published sync.WaitGroup
	published.Go(func() { p.publisher.run(publishing) })
	p.enter(comparing)
	p.awaitCompared()
	p.restored = p.restored || p.publisher.levelled.Load()
	p.enter(running)
	p.stall.over(p.e, p.partition)
	p.e.metrics.takeovers.Inc()
	p.e.Log.Log(p.ctx, LevelRoutine, "partition taken", "partition", p.partition, "epoch", p.epoch)
	p.e.running.add(p)
	p.queue.push(input{form: flush})
	err := p.worker.run(p.ctx)
	p.enter(draining)
	p.end(err)
	p.calls.close()
	p.publisher.drain(drainTimeout)
	p.e.running.remove(p)
	stopPublishing()
	published.Wait()
	return err
}

// awaitCompared waits until the topic was compared, and where its broker does not answer only for a while. While the database
// is behind its topic nothing begins: it would be decided on states of the past.
func (p *partition) awaitCompared() {
	for {
		select {
		case <-p.publisher.compared:
			return
		case <-p.ctx.Done():
			return
		case <-time.After(compareTimeout):
			if !p.publisher.levelling.Load() {
				p.e.Log.Warn("partition begins before its topic could be compared; nothing is published yet", "partition", p.partition)
				return
			}
		}
	}
}

func (p *partition) enter(next phase) {
	p.mu.Lock()
	p.phase, p.since = next, time.Now()
	p.mu.Unlock()
	p.e.fetcher.interrupt()
}

// standstill is since when and why the partition is stopped; the zero time if it works.
func (p *partition) standstill() (since time.Time, reason string) {
	if since, reason = p.stall.on(); !since.IsZero() {
		return since, reason
	}
	if at := p.began.Load(); at != 0 {
		if age := time.Since(time.Unix(0, at)); age > slowBatch {
			return p.e.clock.now().Add(-age), "one transaction has been under way since then"
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	age := time.Since(p.since)
	if p.phase == running || age < compareTimeout {
		return time.Time{}, ""
	}
	return p.e.clock.now().Add(-age), string(p.phase)
}

// waits is since when the run waits for transactions of the previous owner; the zero time if it does not.
func (p *partition) waits() (since time.Time, yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.since, p.phase == waiting
}

// load waits for all earlier transactions on the partition, of any process, and reads the positions. The lease's epoch has moved
// on: a later transaction that is not of this run is fenced.
func (p *partition) load(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	db := p.e.DB.Gorm().WithContext(ctx)
	if err := db.Exec(`SELECT pg_advisory_xact_lock($1, $2)`, partitionClass, p.partition).Error; err != nil {
		return fmt.Errorf("wait for the transactions of its previous owner: %w", err)
	}
	p.enter(loading)
	var rows []struct {
		Topic      string
		Sequence   int64
		NextOffset int64
		RecordID   string
	}
	var published struct{ Sequence, NextOffset, LogStart int64 }
	var keys []string
	topics := pgtype.FlatArray[string](p.e.topics)
	for _, err := range []error{
		db.Exec(`INSERT INTO engine.watermark (topic, partition) SELECT unnest($1::text[]), $2::int ON CONFLICT DO NOTHING`, topics,
			p.partition).Error,
		db.Raw(`SELECT topic, sequence, next_offset, record_id FROM engine.watermark WHERE partition = $1 AND topic = ANY($2::text[])`,
			p.partition, topics).Scan(&rows).Error,
		db.Raw(`SELECT sequence, next_offset, log_start FROM engine.published WHERE partition = $1`, p.partition).
			Scan(&published).Error,
		db.Raw(`SELECT parked_version FROM engine.lease WHERE partition = $1`, p.partition).Scan(&p.parkedVersion).Error,
		db.Raw(parkedKeys, p.partition).Scan(&keys).Error,
		db.Raw(`SELECT EXISTS (SELECT FROM engine.answered)`).Scan(&p.restored).Error,
	} {
		if err != nil {
			return err
		}
	}
	p.committed, p.readers, p.parked = map[string]position{}, nil, map[string]bool{}
	for _, m := range rows {
		p.committed[m.Topic] = position{m.Sequence, m.NextOffset, m.RecordID}
		p.readers = append(p.readers, newReader(p, m.Topic, p.committed[m.Topic]))
	}
	for _, k := range keys {
		p.parked[k] = true
	}
	p.publisher.begin(published.Sequence, published.NextOffset, published.LogStart)
	return nil
}

// parkedKeys are the keys whose later events are queued in engine.parked.
const parkedKeys = `SELECT DISTINCT key FROM engine.parked WHERE partition = $1 AND form <> 'call'`
