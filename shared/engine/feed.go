package engine

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"orderflow.example/shared/kafka"
)

// feed reads all topics of all partitions this process owns, in one long poll, and hands each worker its records in
// sequence. The sequence number is the truth, the offset a hint: a record is passed on only if its number is the next.
type feed struct {
	e     *Engine
	asked int64 // next offset of the control topic, -1 not known yet

	mu     sync.Mutex
	cancel context.CancelFunc // of the fetch under way
}

const (
	longPoll  = 500 * time.Millisecond
	fullQueue = 4000                   // records a worker may have waiting before its partition is not fetched
	shortPoll = 20 * time.Millisecond  // while some partition is not fetched
	repairGap = 500 * time.Millisecond // between two requests for the same missing record
)

// reader is where the reading of one topic partition stands. Only the feed's goroutine changes it.
type reader struct {
	topic string
	w     *worker
	next  int64  // offset to read next
	last  int64  // number of the last record passed on
	id    string // of the record at next-1, empty when unknown
	match bool   // the log may be another one than before: compare the record at next-1 before going on
	hole  *hole

	applied atomic.Int64 // number of the last record that the worker has done with, and committed what followed from it
	behind  atomic.Int64 // the time of the last record read, Unix nanoseconds, while there are more; 0 at the log's end
}

// hole is a missing number, with records beyond it in the log.
type hole struct {
	searched bool      // the whole log was read for it
	asked    time.Time // when its publisher was last asked
}

func newFeed(e *Engine) *feed { return &feed{e: e, asked: -1} }

// changed makes the feed look again at which partitions are owned.
func (f *feed) changed() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cancel != nil {
		f.cancel()
	}
}

func (f *feed) run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := f.poll(ctx); err != nil && ctx.Err() == nil {
			f.e.Log.Warn("fetch", "err", err)
			sleep(ctx, 100*time.Millisecond)
		}
	}
}

type place struct {
	topic     string
	partition int
}

func (f *feed) poll(ctx context.Context) error {
	f.mu.Lock()
	fetching, cancel := context.WithCancel(ctx)
	defer cancel()
	f.cancel = cancel
	f.mu.Unlock()

	wait := longPoll
	readers := map[place]*reader{}
	var positions []kafka.Position
	for _, w := range f.e.owned() {
		if w.waiting() > fullQueue {
			wait = shortPoll
			continue
		}
		for _, r := range w.readers {
			readers[place{r.topic, w.partition}] = r
			positions = append(positions, kafka.Position{Topic: r.topic, Partition: w.partition, Offset: r.from()})
		}
	}
	if f.asked < 0 {
		first, next, err := f.e.Kafka.Offsets(ctx, ControlTopic, []int{0})
		if err != nil {
			return err
		}
		f.asked = max(first[0], next[0]-askedBefore)
	}
	positions = append(positions, kafka.Position{Topic: ControlTopic, Partition: 0, Offset: f.asked})
	fetched, err := f.e.Kafka.Fetch(fetching, positions, wait)
	if err != nil {
		if fetching.Err() != nil && ctx.Err() == nil {
			return nil
		}
		for _, r := range readers {
			r.suspect()
		}
		return err
	}
	var errs []error
	for i := range fetched {
		got := &fetched[i]
		if got.Topic == ControlTopic {
			f.hearControl(ctx, got)
		} else if r := readers[place{got.Topic, got.Partition}]; r != nil {
			errs = append(errs, f.take(ctx, r, got))
		}
	}
	return errors.Join(errs...)
}

func (r *reader) from() int64 {
	if r.match {
		return r.next - 1
	}
	return r.next
}

// suspect makes the next fetch check that the log still holds what was read last.
func (r *reader) suspect() { r.match = r.next > 0 && r.id != "" }

// rewind reads the log from its beginning; numbers tell what has been applied already.
func (r *reader) rewind(start int64) { r.next, r.id, r.match = max(start, 0), "", false }

func (f *feed) take(ctx context.Context, r *reader, got *kafka.Fetched) error {
	log := f.e.Log.With("topic", r.topic, "partition", got.Partition)
	lost := kafka.IsOutOfRange(got.Err)
	if got.Err != nil && !lost {
		r.suspect()
		if len(got.Records) == 0 {
			return got.Err
		}
	}
	records := got.Records
	if r.match && !lost && got.HighWatermark >= 0 {
		switch {
		case len(records) > 0 && records[0].Offset == r.next-1 && records[0].ID == r.id:
			records, r.match = records[1:], false
		case len(records) > 0 || got.HighWatermark < r.next:
			lost = true
		}
	}
	if lost {
		start := got.LogStart
		if start < 0 {
			first, _, err := f.e.Kafka.Offsets(ctx, r.topic, []int{got.Partition})
			if err != nil {
				return err
			}
			start = first[got.Partition]
		}
		log.Warn("the log is not the one read before; reading it again from its start", "offset", r.next, "start", start)
		f.e.metrics.rewinds.Inc()
		r.rewind(start)
		return nil
	}
	if len(records) > 0 {
		f.pass(r, records)
		r.next, r.id = records[len(records)-1].Offset+1, records[len(records)-1].ID
	}
	if got.Next > r.next {
		r.next = got.Next
	}
	if atEnd := r.next >= got.HighWatermark; atEnd && r.hole == nil {
		r.behind.Store(0)
	} else if len(records) > 0 {
		r.behind.Store(records[len(records)-1].Time.UnixNano())
	}
	if r.hole != nil && r.next >= got.HighWatermark {
		f.search(ctx, r, got)
	}
	return got.Err
}

// pass gives the worker the records whose turn it is.
func (f *feed) pass(r *reader, records []kafka.Record) {
	due := make([]input, 0, len(records))
	for i := range records {
		rec := &records[i]
		switch {
		case rec.Sequence == 0:
			f.e.Log.Error("a record without a readable number is not ours", "topic", r.topic, "offset", rec.Offset, "err", rec.Malformed)
			f.e.metrics.event("", "foreign")
		case rec.Sequence <= r.last:
			f.e.metrics.event(rec.Type, "repeat")
		case rec.Sequence == r.last+1:
			r.last, r.hole = rec.Sequence, nil
			due = append(due, input{form: heard, record: rec})
		case r.hole == nil:
			r.hole = &hole{}
			f.e.metrics.holes.Inc()
			f.e.Log.Error("hole in a topic: records beyond it wait until it is filled", "topic", r.topic,
				"partition", rec.Partition, "missing", r.last+1, "found", rec.Sequence)
		}
	}
	r.w.push(due...)
}

// search looks for the missing number: first in the whole log, then by asking its publisher.
func (f *feed) search(ctx context.Context, r *reader, got *kafka.Fetched) {
	if !r.hole.searched {
		r.hole.searched = true
		r.rewind(got.LogStart)
		return
	}
	if time.Since(r.hole.asked) < repairGap {
		return
	}
	r.hole.asked = time.Now()
	if err := f.e.requestRepair(ctx, repair{Topic: r.topic, Partition: got.Partition, Sequence: r.last + 1}); err != nil {
		f.e.Log.Warn("repair request", "err", err)
	}
}

func (f *feed) hearControl(ctx context.Context, got *kafka.Fetched) {
	for i := range got.Records {
		f.e.control(ctx, &got.Records[i])
	}
	if f.asked = got.Next; kafka.IsOutOfRange(got.Err) {
		f.asked = -1
	}
}

// topic is the one this service writes.
func (e *Engine) topic() string { return e.Service + ".events" }
