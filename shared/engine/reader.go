package engine

import (
	"hash/maphash"
	"sync/atomic"
	"time"

	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// reader is the position in one topic partition. Only the fetcher's goroutine changes it. The sequence number is the truth, the
// offset a hint: a record is passed on only if its number is the next, and its source is the topic's service.
type reader struct {
	p      *partition
	topic  string
	source string
	next   int64  // offset to read next
	last   int64  // number of the last record passed on
	id     string // of the record at next-1; empty if unknown
	match  bool   // the log may be another one than before: compare the record at next-1 first
	back   int64  // how far the last rewind went
	hole   *hole

	short time.Time // since when the log has ended before next
	ids   recentIDs
	pause time.Duration // after an error
	retry time.Time     // when to fetch again after it
	log   throttle

	passed   atomic.Int64 // number of the last record passed on
	applied  atomic.Int64 // number of the last record whose effects are committed
	reported atomic.Int64 // the offset after it, if known
	late     unapplied    // used by maintain alone
	behind   atomic.Int64 // since when it is not at the log's end, Unix nanoseconds of this machine; 0 at the end
}

// unapplied is the last number passed on and not applied, and when that was noticed.
type unapplied struct {
	number int64
	at     time.Time
}

// lag is for how long some record was not applied, read or not.
func (r *reader) lag(now time.Time) (lag time.Duration) {
	if r.applied.Load() >= r.late.number {
		r.late = unapplied{r.passed.Load(), now}
	} else {
		lag = now.Sub(r.late.at)
	}
	if at := r.behind.Load(); at != 0 {
		lag = max(lag, now.Sub(time.Unix(0, at)))
	}
	return lag
}

// hole is a missing number, with records beyond it in the log.
type hole struct {
	searched bool          // the whole log was searched
	asked    time.Time     // when its publisher was last asked
	gap      time.Duration // until it is asked again
}

const (
	firstRepairGap = 500 * time.Millisecond // between two requests for the same missing record; then twice that, …
	lastRepairGap  = 30 * time.Second
	firstRewind    = 1000            // offsets
	shortPatience  = 5 * time.Second // a high watermark may lag after a change of leader; if it stays behind, the tail is lost
)

func newReader(p *partition, topic string, at position) *reader {
	r := &reader{p: p, topic: topic, source: "/" + saga.Producer(topic), next: at.offset, last: at.sequence, id: at.id}
	r.applied.Store(at.sequence)
	r.passed.Store(at.sequence)
	r.behind.Store(time.Now().UnixNano()) // until the log's end is seen
	r.suspect()
	return r
}

// fetchRequest is a fetch for a reader; with match it begins one record earlier, to compare that.
type fetchRequest struct {
	r     *reader
	match bool
}

func (r *reader) position(match bool) kafka.Position {
	at := kafka.Position{Topic: r.topic, Partition: r.p.partition, Offset: r.next}
	if match {
		at.Offset--
	}
	return at
}

// suspect makes the next fetch check that the log still holds the record read last.
func (r *reader) suspect() { r.match = r.next > 0 && r.id != "" }

// rewind goes back in the log; the numbers show which records were passed on already. Each step is ten times as wide, so that a
// few of them reach a known number. A hole is searched from the start.
func (r *reader) rewind(start, end int64) {
	r.back = max(10*r.back, firstRewind)
	r.next, r.id, r.match, r.short = max(start, min(r.next, end)-r.back, 0), "", false, time.Time{}
}

// fail pauses the reader.
func (r *reader) fail() {
	r.pause = min(max(2*r.pause, 50*time.Millisecond), lastPause)
	r.retry = time.Now().Add(r.pause)
}

// take handles the result of a fetch: it passes records on and notes whether the log's end was reached.
func (f *fetcher) take(asked fetchRequest, got *kafka.Fetched) error {
	r := asked.r
	lost := kafka.IsOutOfRange(got.Err)
	if got.Err != nil && !lost {
		r.suspect()
		r.fail()
		if len(got.Records) == 0 {
			return got.Err
		}
	}
	records := got.Records
	if asked.match && !lost {
		switch {
		case len(records) > 0 && records[0].Offset == r.next-1:
			if lost = storable(records[0].ID) != r.id; !lost {
				records, r.match, r.short = records[1:], false, time.Time{}
			}
		case len(records) > 0:
			lost = true
		case got.HighWatermark >= 0 && got.HighWatermark < r.next:
			if r.short.IsZero() {
				r.short = time.Now()
			}
			lost = time.Since(r.short) > shortPatience
			r.fail()
		}
	}
	if lost {
		return f.lost(r, got)
	}
	if n := len(records); n > 0 {
		r.pass(f, records)
		r.next, r.id, r.back = records[n-1].Offset+1, storable(records[n-1].ID), 0
	}
	r.next = max(r.next, got.Next)
	if got.Err == nil {
		r.pause, r.retry = 0, time.Time{}
		r.atEnd(r.next >= got.HighWatermark && r.hole == nil)
	}
	if r.hole != nil && r.next >= got.HighWatermark {
		r.search(f, got)
	}
	return got.Err
}

// atEnd notes whether the log's end was reached. The lag is the time since it last was.
func (r *reader) atEnd(end bool) {
	if end {
		r.behind.Store(0)
	} else if r.behind.Load() == 0 {
		r.behind.Store(time.Now().UnixNano())
	}
}

// lost rewinds in a log that is not the one read before.
func (f *fetcher) lost(r *reader, got *kafka.Fetched) error {
	start, end := got.LogStart, got.HighWatermark
	if start < 0 || end < 0 {
		first, next, err := f.e.Kafka.Offsets(f.ctx, r.topic, []int{r.p.partition})
		if err != nil {
			r.fail()
			return err
		}
		start, end = first[r.p.partition], next[r.p.partition]
	}
	was := r.next
	r.rewind(start, end)
	f.e.Log.Warn("the topic partition is another log than before; it is read again from an earlier record", "topic", r.topic,
		"partition", r.p.partition, "read_to", was, "log_start", start, "log_end", end, "from", r.next)
	f.e.metrics.rewinds.Inc()
	return nil
}

// pass queues the records whose numbers are next.
func (r *reader) pass(f *fetcher, records []kafka.Record) {
	due := make([]input, 0, len(records))
	for i := range records {
		rec := &records[i]
		switch {
		case rec.Sequence == 0 || rec.Source != r.source:
			r.foreign(f, rec, "it is not of the service that writes this topic")
		case rec.Sequence <= r.last:
			if r.ids.differs(rec.Sequence, rec.ID) {
				r.foreign(f, rec, "another record with this number was applied before")
				continue
			}
			f.e.metrics.event(rec.Type, outcomeRepeat)
		case rec.Sequence == r.last+1:
			r.last, r.hole = rec.Sequence, nil
			r.ids.note(rec.Sequence, rec.ID)
			in := input{form: event, record: rec, heard: r.p.e.hears(rec.Type)}
			if n := len(due); n > 0 && !in.concerns() && !due[n-1].concerns() {
				due[n-1] = in // of records that no machine takes only the last position counts
				continue
			}
			due = append(due, in)
		case r.hole == nil:
			r.hole = &hole{gap: firstRepairGap}
			f.e.metrics.holes.Inc()
			f.e.metrics.alarm(alarmHole)
			f.e.Log.Error("hole in a topic: later records wait until the missing one is there", "topic", r.topic,
				"partition", rec.Partition, "missing", r.last+1, "found", rec.Sequence)
		}
	}
	r.p.queue.push(due...)
	r.passed.Store(r.last)
}

// foreign raises an alarm for a record that is never applied.
func (r *reader) foreign(f *fetcher, rec *kafka.Record, why string) {
	f.e.metrics.event("", outcomeForeign)
	f.e.metrics.alarm(alarmForeignRecord)
	r.log.do(func(again int) {
		f.e.Log.Error("a record is ignored: "+why, "topic", r.topic, "partition", rec.Partition, "offset", rec.Offset,
			"number", rec.Sequence,
			"id", storable(rec.ID), "source", storable(rec.Source), "malformed", rec.Malformed, "suppressed", again)
	})
}

// search looks for the missing number in the whole log, then requests a repair from its publisher.
func (r *reader) search(f *fetcher, got *kafka.Fetched) {
	if !r.hole.searched {
		r.hole.searched = true
		r.next, r.id, r.match = max(got.LogStart, 0), "", false
		return
	}
	if time.Since(r.hole.asked) < r.hole.gap {
		return
	}
	if !r.hole.asked.IsZero() {
		r.hole.gap = min(2*r.hole.gap, lastRepairGap)
	}
	r.hole.asked = time.Now()
	f.e.requestRepair(repair{Topic: r.topic, Partition: r.p.partition, Sequence: r.last + 1})
}

// recentIDs keeps hashes of the ids of the last records, so that a record with a known number and another id is not taken for a
// repeat.
type recentIDs struct{ slots []recentID }

type recentID struct {
	sequence int64
	hash     uint64
}

const rememberedIDs = 1024

var idSeed = maphash.MakeSeed()

func (l *recentIDs) note(sequence int64, id string) {
	if l.slots == nil {
		l.slots = make([]recentID, rememberedIDs)
	}
	l.slots[sequence%rememberedIDs] = recentID{sequence, maphash.String(idSeed, id)}
}

// differs tells whether the number was seen with another id; a new number is noted.
func (l *recentIDs) differs(sequence int64, id string) bool {
	if l.slots == nil {
		l.note(sequence, id)
		return false
	}
	at := &l.slots[sequence%rememberedIDs]
	switch {
	case at.sequence == sequence:
		return at.hash != maphash.String(idSeed, id)
	case at.sequence < sequence:
		l.note(sequence, id)
	}
	return false
}
