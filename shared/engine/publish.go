package engine

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"orderflow.example/shared/kafka"
)

// publisher brings committed events to the service's topic, in the order of their numbers, for the partitions this
// process owns. What the workers commit comes from memory; what other processes committed, or what was left over by a
// death, comes from the outbox. An error from a send means that its outcome is unknown: the topic is read to learn it.
type publisher struct {
	e        *Engine
	producer *kafka.Producer
	shared   atomic.Bool // other processes may write to our partitions of the outbox
	signal   chan struct{}

	mu    sync.Mutex
	parts map[int]*part
}

const (
	publishAtOnce = 1000  // records of one partition in one request
	publishQueue  = 10000 // records of one partition held in memory
)

func newPublisher(e *Engine) *publisher {
	p := &publisher{e: e, signal: make(chan struct{}, 1), parts: map[int]*part{}}
	if e.Kafka != nil {
		p.producer = e.Kafka.NewProducer()
	}
	return p
}

// publish hands what the batch committed to the publisher.
func (b *batch) publish() {
	if len(b.out) == 0 {
		return
	}
	records := map[int][]kafka.Record{}
	for _, o := range b.out {
		list := records[o.partition]
		if list == nil {
			list = make([]kafka.Record, 0, len(b.out))
		}
		o.record.Sequence = b.base[o.partition] + int64(len(list)) + 1
		records[o.partition] = append(list, o.record)
	}
	p := b.w.e.publisher
	p.mu.Lock()
	for partition, list := range records {
		if part := p.parts[partition]; part != nil {
			part.offer(list)
		}
	}
	p.mu.Unlock()
	p.wake()
}

func (p *publisher) wake() {
	select {
	case p.signal <- struct{}{}:
	default:
	}
}

func (p *publisher) add(ctx context.Context, partition int) error {
	var row struct{ Sequence, NextOffset int64 }
	err := p.e.DB.Gorm().WithContext(ctx).Raw(`SELECT sequence, next_offset FROM engine.published WHERE partition = $1`, partition).Scan(&row).Error
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.parts[partition] = &part{partition: partition, next: row.Sequence + 1, offset: row.NextOffset, behind: true, verify: true, saved: row.Sequence + 1}
	p.mu.Unlock()
	p.wake()
	return nil
}

// remove forgets a partition, after a moment for what is committed to be published. What remains is the next owner's.
func (p *publisher) remove(partition int) {
	for end := time.Now().Add(time.Second); time.Now().Before(end) && p.unfinished(partition); {
		p.wake()
		time.Sleep(5 * time.Millisecond)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.parts, partition)
}

// repair checks whether the topic holds the number, and publishes again from there if it does not.
func (p *publisher) repair(partition int, sequence int64) {
	p.mu.Lock()
	if q := p.parts[partition]; q != nil && (q.missing == 0 || sequence < q.missing) {
		q.missing, q.verify = sequence, true
	}
	p.mu.Unlock()
	p.wake()
}

func (p *publisher) run(ctx context.Context) {
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.signal:
		case <-look.C:
			if p.shared.Load() {
				p.lookForOthers(ctx)
			} else if !p.unfinished(anyPartition) {
				continue
			}
		}
		for p.round(ctx) && ctx.Err() == nil {
		}
	}
}

const anyPartition = -1

func (p *publisher) unfinished(partition int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, q := range p.parts {
		if partition != anyPartition && q.partition != partition {
			continue
		}
		if q.verify || q.behind || len(q.queue) > 0 {
			return true
		}
	}
	return false
}

// round publishes what there is, in one request, and tells whether there may be more.
func (p *publisher) round(ctx context.Context) bool {
	var batches []kafka.Batch
	var parts []*part
	for _, q := range p.list() {
		if err := p.prepare(ctx, q); err != nil {
			if ctx.Err() == nil {
				p.e.Log.Warn("publisher", "partition", q.partition, "err", err)
			}
			continue
		}
		p.mu.Lock()
		records := q.queue[:min(len(q.queue), publishAtOnce)]
		p.mu.Unlock()
		if len(records) > 0 {
			batches = append(batches, kafka.Batch{Topic: p.e.topic(), Partition: q.partition, Records: records})
			parts = append(parts, q)
		}
	}
	if len(batches) == 0 {
		return false
	}
	acks := p.producer.Publish(ctx, batches)
	p.mu.Lock()
	defer p.mu.Unlock()
	more := false
	for i, q := range parts {
		if acks[i].Err != nil {
			if ctx.Err() == nil {
				p.e.Log.Warn("publish: outcome unknown, reading the topic", "partition", q.partition, "err", acks[i].Err)
			}
			q.verify = true
			continue
		}
		q.acknowledged(len(batches[i].Records), acks[i].BaseOffset)
		p.e.metrics.published.Add(float64(len(batches[i].Records)))
		more = more || len(q.queue) > 0 || q.behind || q.verify
	}
	return more
}

func (p *publisher) list() []*part {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]*part, 0, len(p.parts))
	for _, q := range p.parts {
		list = append(list, q)
	}
	return list
}

// prepare makes sure that it is known what the topic holds, and that the queue has what follows.
func (p *publisher) prepare(ctx context.Context, q *part) error {
	p.mu.Lock()
	verify, missing, next, offset := q.verify, q.missing, q.next, q.offset
	p.mu.Unlock()
	if verify {
		found, end, err := p.held(ctx, q.partition, next, offset, missing)
		if err != nil {
			return err
		}
		p.mu.Lock()
		q.next, q.offset, q.queue, q.behind = found, end, nil, true
		if q.missing == missing {
			q.verify, q.missing = false, 0
		}
		p.mu.Unlock()
	}
	p.mu.Lock()
	load := q.behind && len(q.queue) == 0
	if load {
		q.behind = false
	}
	next = q.next
	p.mu.Unlock()
	if !load {
		return nil
	}
	records, err := p.outbox(ctx, q.partition, next)
	p.mu.Lock()
	defer p.mu.Unlock()
	// What was offered meanwhile may or may not be among the rows read.
	q.behind = q.behind || err != nil || len(records) == publishAtOnce || len(q.queue) > 0
	if err != nil {
		return err
	}
	q.queue = records
	return nil
}

// acknowledged is the last number, by partition, that the broker was seen to hold.
func (p *publisher) acknowledged() map[int]int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	numbers := make(map[int]int64, len(p.parts))
	for _, q := range p.parts {
		numbers[q.partition] = q.next - 1
	}
	return numbers
}

// lookForOthers asks the counters whether another process has committed to a partition of ours.
func (p *publisher) lookForOthers(ctx context.Context) {
	var rows []struct {
		Partition int
		Sequence  int64
	}
	if err := p.e.DB.Gorm().WithContext(ctx).Raw(`SELECT partition, sequence FROM engine.counter`).Scan(&rows).Error; err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range rows {
		if q := p.parts[r.Partition]; q != nil && r.Sequence >= q.next+int64(len(q.queue)) {
			q.behind = true
		}
	}
}

// checkpoint writes down how far the topic was seen to hold our events, so that the next owner need not read all of it.
func (p *publisher) checkpoint(ctx context.Context) error {
	var partitions pgtype.FlatArray[int32]
	var next, offsets pgtype.FlatArray[int64]
	var saved []*part
	p.mu.Lock()
	for _, q := range p.parts {
		if q.next != q.saved && q.offset > 0 && !q.verify {
			partitions, next, offsets = append(partitions, int32(q.partition)), append(next, q.next), append(offsets, q.offset)
			saved = append(saved, q)
		}
	}
	p.mu.Unlock()
	if len(saved) == 0 {
		return nil
	}
	err := p.e.DB.Gorm().WithContext(ctx).Exec(`UPDATE engine.published p SET sequence = n.next - 1, next_offset = n.next_offset
		FROM unnest($1::int[], $2::bigint[], $3::bigint[]) AS n (partition, next, next_offset) WHERE p.partition = n.partition`,
		partitions, next, offsets).Error
	if err == nil {
		for i, q := range saved {
			q.saved = next[i]
		}
	}
	return err
}
