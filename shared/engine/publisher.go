package engine

import (
	"context"
	"sync"
	"time"

	"orderflow.example/shared/kafka"
)

// partitionPublisher brings the committed events of one partition to the service's topic, in the order of their numbers.
// What this process commits comes from memory; what other processes committed, or what a crash left unpublished, is read from
// the outbox. An error from a send means that its outcome is unknown: the topic is read to learn it.
type partitionPublisher struct {
	e         *Engine
	partition int
	signal    chan struct{}
	compared  chan struct{} // closed once the topic was compared with the outbox for the first time

	mu       sync.Mutex
	next     int64          // number of the next event to publish
	offset   int64          // that its record should get, -1 when unknown
	seen     position       // the last number and next offset that the topic was seen to hold
	logStart int64          // the topic's first offset when it was last compared
	queue    []kafka.Record // committed, from next on without gap
	bytes    int            // of the queue
	behind   bool           // the outbox may hold more than the queue
	verify   bool           // compare before publishing: what the topic holds is not known
	missing  int64          // a consumer did not find this number, 0 if none is asked for
	saved    int64          // the number in seen as it was last written down
	busy     bool           // a round is under way
	scanned  time.Time      // when the whole topic was last read

	log, foreignLog throttle
}

const (
	publishAtOnce  = 1000     // records in one request
	publishRecords = 10000    // records held in memory
	publishBytes   = 16 << 20 // bytes held in memory

	publishTimeout = 30 * time.Second // after it the topic is read, and the records are published again
	idleCheck      = 20 * time.Second // how often an idle publisher looks whether its topic is still there
)

func newPartitionPublisher(e *Engine, partition int) *partitionPublisher {
	return &partitionPublisher{e: e, partition: partition, signal: make(chan struct{}, 1), compared: make(chan struct{}), offset: -1, verify: true}
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

// offer appends what follows on the queue; what does not is read from the outbox.
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

// committed tells that the outbox goes up to this number, whoever committed it.
func (q *partitionPublisher) committed(sequence int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if sequence >= q.next+int64(len(q.queue)) && !q.behind {
		q.behind = true
		q.wake()
	}
}

// scanAgain is how long the reading of a whole topic is put off after the last one: every consumer of a hole asks for it.
const scanAgain = 5 * time.Second

// repair makes the publisher look whether the topic holds the number, and publish again from there if it does not. What is
// still to be published is not missing.
func (q *partitionPublisher) repair(sequence int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if sequence < q.next && (q.missing == 0 || sequence < q.missing) && (q.scanned.IsZero() || time.Since(q.scanned) > scanAgain) {
		q.missing, q.verify = sequence, true
		q.wake()
	}
}

// acknowledged is the last number that the broker was seen to hold.
func (q *partitionPublisher) acknowledged() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.next - 1
}

// held is the last number that the topic was seen to hold; sure is false while that is in doubt.
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

// drain waits until everything committed is published, for so long at most.
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
		q.e.Log.Warn("cannot publish; it is tried again", "topic", q.e.topic(), "partition", q.partition, "said_before", again, "err", err)
	})
}

// round publishes what there is, in one request.
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

// advance moves on past n records that the broker says it holds from base on.
func (q *partitionPublisher) advance(n int, base int64) {
	if q.offset >= 0 && base >= 0 && base != q.offset {
		q.verify = true // records of somebody else, or the log lost some of ours
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

// refill reads from the outbox what follows, where the queue has nothing of it.
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
	// What was offered meanwhile may or may not be among the rows read.
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

// checkIdle looks whether the topic still begins and ends where it did.
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
