package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// partition is everything that belongs to one partition of the service while this process owns it: its worker, its publisher
// and its open calls. It has one sequential life, which ends with everything it started; nothing of it is started or ended
// from elsewhere, and a later life of the same partition is another object.
type partition struct {
	*worker
	publisher *partitionPublisher

	ctx  context.Context // ends when the life is to end
	end  context.CancelCauseFunc
	over chan struct{} // closed when nothing of it runs any more

	mu    sync.Mutex
	phase phase
	since time.Time // of the phase
}

// phase is how far the life of a partition is.
type phase string

const (
	waiting   phase = "waiting for the transactions of its previous owner"
	loading   phase = "loading"
	comparing phase = "comparing its topic with its outbox"
	running   phase = "running"
	draining  phase = "draining"
)

// compareTimeout is how long a life waits for its topic to be compared before it begins to work. Where the broker does not
// answer it begins without; nothing is published before the comparison.
const compareTimeout = 3 * time.Second

// drainTimeout is how long a life that ends waits for what is committed to be published. What remains is the next owner's.
const drainTimeout = time.Second

// slowBatch is how long one transaction may take before the partition counts as standing still.
const slowBatch = 5 * time.Second

func newPartition(e *Engine, number int, epoch int64) *partition {
	p := &partition{worker: newWorker(e, number, epoch), over: make(chan struct{}), since: time.Now()}
	p.ctx, p.end = context.WithCancelCause(context.Background())
	p.publisher = newPartitionPublisher(e, number)
	p.calls = newOpenCalls(p)
	return p
}

// live is the life of the partition, from the lease to the last effect. before is the life before in this process.
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
	p.e.Log.Info("partition left", "partition", p.partition, "epoch", p.epoch, "why", err)
}

// begin waits for whoever worked on the partition before, and loads where it stands.
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

// work runs the partition until its life is to end or its worker cannot go on.
func (p *partition) work() error {
	publishing, stopPublishing := context.WithCancel(context.Background())
	var published sync.WaitGroup
	published.Go(func() { p.publisher.run(publishing) })
	p.enter(comparing)
	select {
	case <-p.publisher.compared:
	case <-time.After(compareTimeout):
		p.e.Log.Warn("partition begins before its topic could be compared; nothing is published yet", "partition", p.partition)
	case <-p.ctx.Done():
	}
	p.enter(running)
	p.stall.over(p.e, p.partition)
	p.e.Log.Info("partition taken", "partition", p.partition, "epoch", p.epoch)
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

func (p *partition) enter(next phase) {
	p.mu.Lock()
	p.phase, p.since = next, time.Now()
	p.mu.Unlock()
	p.e.fetcher.interrupt()
}

// standstill is since when and why the partition does not work, where it does not.
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

// waits tells since when the life waits for transactions of the previous owner, if it does.
func (p *partition) waits() (since time.Time, yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.since, p.phase == waiting
}

// load waits for the transactions that were begun about the partition before, whoever began them, and reads where it
// stands. The lease's epoch has moved on: a transaction that begins later and is not this life's is fenced.
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
		db.Exec(`INSERT INTO engine.watermark (topic, partition) SELECT unnest($1::text[]), $2::int ON CONFLICT DO NOTHING`, topics, p.partition).Error,
		db.Raw(`SELECT topic, sequence, next_offset, record_id FROM engine.watermark WHERE partition = $1 AND topic = ANY($2::text[])`,
			p.partition, topics).Scan(&rows).Error,
		db.Raw(`SELECT sequence, next_offset, log_start FROM engine.published WHERE partition = $1`, p.partition).Scan(&published).Error,
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

// parkedKeys are those that later events queue behind.
const parkedKeys = `SELECT DISTINCT key FROM engine.parked WHERE partition = $1 AND form <> 'call'`
