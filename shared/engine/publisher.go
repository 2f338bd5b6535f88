package engine

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"orderflow.example/shared/kafka"
)

// partitionPublisher publishes the committed events of one partition to the service's topic, in the order of their numbers.
// Events committed by this process come from memory; those of other processes, and those left unpublished by a crash, are read
// from the outbox. An error from a send means that its outcome is unknown: the topic is read to find out.
type partitionPublisher struct {
	e         *Engine
	partition int
	signal    chan struct{}
	compared  chan struct{} // closed once the topic was compared with the outbox for the first time

	mu       sync.Mutex
	next     int64          // number of the next event to publish
	offset   int64          // expected of its record; -1 if unknown
	seen     position       // the last number on the topic, and the offset after it
	logStart int64          // the topic's first offset when it was last compared
	queue    []kafka.Record // committed, from next on without gap
	bytes    int            // of the queue
	behind   bool           // the outbox may hold more than the queue
	verify   bool           // compare before publishing: the end of the topic is not known
	missing  int64          // number that a consumer reports missing, else 0
	saved    int64          // the number of the last checkpoint
	busy     bool           // a round is running
	scanned  time.Time      // when the whole topic was last read

	levelling atomic.Bool // the topic goes further than the database, which is being brought level
	levelled  atomic.Bool // it was

	log, foreignLog throttle
}

const (
	publishAtOnce  = 1000     // records in one request
	publishRecords = 10000    // records held in memory
	publishBytes   = 16 << 20 // bytes held in memory

	publishTimeout = 30 * time.Second // then the topic is read, and missing records are published again
	idleCheck      = 20 * time.Second // how often an idle publisher looks whether its topic is still there
)

func newPartitionPublisher(e *Engine, partition int) *partitionPublisher {
	return &partitionPublisher{e: e, partition: partition, signal: make(chan struct{}, 1), compared: make(chan struct{}),
		offset: -1, verify: true}
}

// begin sets how far the topic was once seen to hold the events.
func (q *partitionPublisher) begin(sequence, offset, logStart int64) {
	q.next, q.saved, q.offset, q.logStart, q.behind = sequence+1, sequence, -1, logStart, true
	q.seen = position{sequence: sequence, offset: offset}
}

// publish hands what the batch committed to the publishers of its partitions, as far as they are in this process.
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
	for number, list := range records {
		if p := b.e.running.of(number); p != nil {
			p.publisher.offer(list)
		}
	}
}

// offer appends records that follow on the queue; others are read from the outbox later.
func (q *partitionPublisher) offer(records []kafka.Record) {
	q.mu.Lock()
	defer q.wake()
	defer q.mu.Unlock()
	if q.behind || len(q.queue) > publishRecords || q.bytes > publishBytes || records[0].Sequence != q.next+int64(len(q.queue)) {
		q.behind = true
		return
	}
	for i := range records {
		q.bytes += len(records[i].Data)
	}
	if len(q.queue) == 0 {
		q.queue = records
		return
	}
	q.queue = append(q.queue, records...)
}

func (q *partitionPublisher) wake() {
	select {
	case q.signal <- struct{}{}:
	default:
	}
}

// committed notes that the outbox holds events up to this number, of any process.
func (q *partitionPublisher) committed(sequence int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if sequence >= q.next+int64(len(q.queue)) && !q.behind {
		q.behind = true
		q.wake()
	}
}

// scanAgain is the least time between two scans of a whole topic: every consumer of a hole requests one.
const scanAgain = 5 * time.Second

// repair makes the publisher look for the number on the topic, and publish again from there if it is missing. A number not yet
// published is not missing.
func (q *partitionPublisher) repair(sequence int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if sequence < q.next && (q.missing == 0 || sequence < q.missing) && (q.scanned.IsZero() || time.Since(q.scanned) > scanAgain) {
		q.missing, q.verify = sequence, true
		q.wake()
	}
}

// acknowledged is the last number known to be on the broker.
func (q *partitionPublisher) acknowledged() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.next - 1
}

// held is the last number known to be on the topic; sure is false while that is in doubt.
func (q *partitionPublisher) held() (number int64, sure bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.seen.sequence, !q.verify
}

func (q *partitionPublisher) unfinished() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.busy || q.verify || q.behind || len(q.queue) > 0
}

// run publishes until ctx ends.
func (q *partitionPublisher) run(ctx context.Context) {
	idle := time.NewTicker(idleCheck)
	defer idle.Stop()
	q.wake()
	for pause := firstPause; ; {
		select {
		case <-ctx.Done():
			return
		case <-q.signal:
		case <-idle.C:
			q.checkIdle(ctx)
		}
		for q.unfinished() && ctx.Err() == nil {
			q.setBusy(true)
			err := q.round(ctx)
			q.setBusy(false)
			if err != nil {
				q.failed(ctx, err)
				sleep(ctx, pause)
				pause = min(2*pause, lastPause)
				continue
			}
			pause = firstPause
		}
	}
}

func (q *partitionPublisher) setBusy(busy bool) {
	q.mu.Lock()
	q.busy = busy
	q.mu.Unlock()
}

// drain waits until all committed events are published, at most for this long.
func (q *partitionPublisher) drain(most time.Duration) {
	for end := time.Now().Add(most); time.Now().Before(end) && q.unfinished(); {
		time.Sleep(2 * time.Millisecond)
	}
}

func (q *partitionPublisher) failed(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	q.log.do(func(again int) {
		q.e.Log.Warn("cannot publish; it is tried again", "topic", q.e.topic(), "partition", q.partition, "suppressed", again,
			"err", err)
	})
}

// round publishes the queued records in one request.
func (q *partitionPublisher) round(ctx context.Context) error {
	q.mu.Lock()
	verify := q.verify
	q.mu.Unlock()
	if verify {
		if err := q.compare(ctx); err != nil {
			return err
		}
	}
	if err := q.refill(ctx); err != nil {
		return err
	}
	q.mu.Lock()
	records := q.queue[:min(len(q.queue), publishAtOnce)]
	q.mu.Unlock()
	if len(records) == 0 {
		return nil
	}
	sending, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	began := time.Now()
	ack := q.e.producer.Publish(sending, []kafka.Batch{{Topic: q.e.topic(), Partition: q.partition, Records: records}})[0]
	q.e.traceSend(records, began, ack.Err)
	q.mu.Lock()
	defer q.mu.Unlock()
	if ack.Err != nil {
		q.verify = true
		return ack.Err
	}
	q.e.metrics.publishedAll(records, time.Since(began))
	q.advance(len(records), ack.BaseOffset)
	return nil
}

// advance moves past n records that the broker acknowledged at the offset base.
func (q *partitionPublisher) advance(n int, base int64) {
	if q.offset >= 0 && base >= 0 && base != q.offset {
		q.verify = true // another writer's records, or the log lost some of ours
		return
	}
	q.next += int64(n)
	q.offset = -1
	if base >= 0 {
		q.offset = base + int64(n)
		q.seen = position{sequence: q.next - 1, offset: q.offset}
	}
	for i := range n {
		q.bytes -= len(q.queue[i].Data)
	}
	if q.queue = q.queue[n:]; len(q.queue) == 0 {
		q.queue, q.bytes = nil, 0
	}
}

// refill reads the next events from the outbox if the queue is empty.
func (q *partitionPublisher) refill(ctx context.Context) error {
	q.mu.Lock()
	load, next := q.behind && len(q.queue) == 0, q.next
	if load {
		q.behind = false
	}
	q.mu.Unlock()
	if !load {
		return nil
	}
	records, err := q.outbox(ctx, next)
	q.mu.Lock()
	defer q.mu.Unlock()
	// Events offered meanwhile may or may not be among the rows.
	q.behind = q.behind || err != nil || len(records) == publishAtOnce || len(q.queue) > 0
	if err != nil {
		return err
	}
	q.queue, q.bytes = records, 0
	for i := range records {
		q.bytes += len(records[i].Data)
	}
	return nil
}

// checkIdle checks that the topic still begins and ends at the known offsets.
func (q *partitionPublisher) checkIdle(ctx context.Context) {
	first, end, err := q.e.Kafka.Offsets(ctx, q.e.topic(), []int{q.partition})
	if err != nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.queue) == 0 && !q.behind && (first[q.partition] != q.logStart || q.offset >= 0 && end[q.partition] != q.offset) {
		q.verify = true
	}
}
