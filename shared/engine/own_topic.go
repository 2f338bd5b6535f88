package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/kafka"
)

// compare reads which committed events the topic holds, and sets the next number to publish: the first that is missing. A topic
// that holds higher numbers than the database shows that the database lost its last commits: an alarm is raised, and numbers
// continue above those of the topic.
func (q *partitionPublisher) compare(ctx context.Context) error {
	q.mu.Lock()
	published, seen, missing, logStart := q.next-1, q.seen, q.missing, q.logStart
	q.mu.Unlock()
	first, end, err := q.e.Kafka.Offsets(ctx, q.e.topic(), []int{q.partition})
	if err != nil {
		return err
	}
	start, stop := first[q.partition], end[q.partition]
	own, err := q.outboxEnds(ctx)
	if err != nil {
		return err
	}
	if err := q.lookAhead(ctx, start, stop, own.Counter); err != nil {
		return err
	}
	s := newScan(q, seen.sequence+1, own.Counter)
	whole := true
	if missing == 0 && start == logStart && seen.offset <= stop && (seen.offset > start || seen == position{offset: start}) {
		// The topic ends, or goes on, where it ended before: the records before need not be read again.
		if err := q.read(ctx, max(seen.offset-1, start), stop, s.goOn); err != nil {
			return err
		}
		whole = s.broken
	}
	if whole {
		s = newScan(q, own.Lowest, own.Counter) // numbers pruned from the outbox cannot be published again
		if err := q.read(ctx, start, stop, s.any); err != nil {
			return err
		}
		if missing > 0 && missing < own.Lowest {
			q.e.Log.Error("a consumer misses an event that was deleted from the outbox; run orderflow topics repair",
				"topic", q.e.topic(), "partition", q.partition, "missing", missing, "outbox_from", own.Lowest)
			q.e.metrics.alarm(alarmPruned)
		}
		if s.next <= published {
			q.e.Log.Error("the topic lost published events; they are published again",
				"topic", q.e.topic(), "partition", q.partition, "from", s.next, "published", published)
			q.e.metrics.alarm(alarmTopicLost)
		}
	}
	if conflict := s.conflict(); s.next-1 > s.counter && (conflict == 0 || conflict >= s.next) {
		if err := q.level(ctx, start, stop, s.counter, s.next-1); err != nil {
			return err
		}
		s.counter = s.next - 1
	}
	if s.next, err = q.reconcile(ctx, s); err != nil {
		return err
	}
	q.levelling.Store(false)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.next, q.offset, q.logStart, q.queue, q.bytes, q.behind = s.next, stop, start, nil, 0, true
	q.seen = position{sequence: s.next - 1, offset: stop}
	if whole {
		q.scanned = time.Now()
	}
	if q.missing == missing {
		q.verify, q.missing = false, 0
	}
	select {
	case <-q.compared:
	default:
		close(q.compared)
	}
	return nil
}

// outboxEnds are the lowest number in the outbox, or the next one if it is empty, and the last number given.
func (q *partitionPublisher) outboxEnds(ctx context.Context) (ends struct{ Lowest, Counter int64 }, err error) {
	err = q.e.DB.Gorm().WithContext(ctx).Raw(`SELECT c.sequence AS counter, coalesce((SELECT min(sequence) FROM engine.outbox o
		WHERE o.partition = c.partition), c.sequence + 1) AS lowest FROM engine.counter c WHERE c.partition = $1`, q.partition).
		Scan(&ends).Error
	return ends, err
}

// scan reads records of the service's own topic and finds the first missing number.
type scan struct {
	q       *partitionPublisher
	counter int64 // the last number given
	next    int64 // first number not found yet
	started bool
	broken  bool             // the topic is another log than before
	beyond  map[int64]bool   // numbers found above next
	other   map[int64]string // ids of records whose number is that of another event in the outbox
}

func newScan(q *partitionPublisher, next, counter int64) *scan {
	return &scan{q: q, next: next, counter: counter, beyond: map[int64]bool{}, other: map[int64]string{}}
}

// goOn takes records from the last one of the previous scan on.
func (s *scan) goOn(records []kafka.Record, ids map[int64]string) {
	if !s.started {
		s.started = true
		if last := &records[0]; s.next > 1 {
			if last.Sequence != s.next-1 || ids[last.Sequence] != "" && ids[last.Sequence] != last.ID {
				s.broken = true
			}
			records = records[1:]
		}
	}
	s.any(records, ids)
}

func (s *scan) any(records []kafka.Record, ids map[int64]string) {
	for i := range records {
		rec := &records[i]
		id, known := ids[rec.Sequence]
		switch {
		case rec.Sequence == 0 || rec.Source != s.q.e.source():
			s.q.foreign(rec, "it is not of this service")
		case known && id != rec.ID:
			s.other[rec.Sequence] = rec.ID
			s.q.foreign(rec, "the event of this number in the outbox is "+id)
		case rec.Sequence == s.next:
			s.next++
			for s.beyond[s.next] {
				delete(s.beyond, s.next)
				s.next++
			}
		case rec.Sequence > s.next:
			s.beyond[rec.Sequence] = true
		}
	}
}

// conflict is the lowest number, from next on, under which the outbox has another event; 0 if there is none.
func (s *scan) conflict() (lowest int64) {
	for n := range s.other {
		if n >= s.next && (lowest == 0 || n < lowest) {
			lowest = n
		}
	}
	return lowest
}

func (q *partitionPublisher) foreign(rec *kafka.Record, why string) {
	q.foreignLog.do(func(again int) {
		q.e.Log.Error("a record on the own topic is not in this service's outbox", "topic", q.e.topic(), "partition", q.partition,
			"offset", rec.Offset, "number", rec.Sequence, "id", storable(rec.ID), "source", storable(rec.Source), "why", why,
			"suppressed", again)
	})
	q.e.metrics.alarm(alarmForeignRecord)
}

// reconcile moves the numbers of the database above those of the topic and returns the first number to publish. Events that
// were numbered before the topic was read, and are not published, get new numbers.
func (q *partitionPublisher) reconcile(ctx context.Context, s *scan) (int64, error) {
	conflict := s.conflict()
	if s.next-1 <= s.counter && conflict != s.next {
		return s.next, nil
	}
	top := s.next - 1 // the last number on the topic without a gap, of any writer
	for s.other[top+1] != "" || s.beyond[top+1] {
		top++
	}
	var moved int64
	err := database.Transact(ctx, q.e.DB, func(tx *gorm.DB) error {
		if err := tx.Exec(`SELECT pg_advisory_xact_lock($1, $2)`, partitionClass, q.partition).Error; err != nil {
			return err
		}
		if conflict == s.next {
			// Two steps: the unique index is checked row by row.
			r := tx.Exec(`UPDATE engine.outbox SET sequence = -sequence - $3 WHERE partition = $1 AND sequence >= $2`, q.partition, s.next,
				top-s.next+1)
			if moved = r.RowsAffected; r.Error != nil {
				return r.Error
			}
			if err := tx.Exec(`UPDATE engine.outbox SET sequence = -sequence WHERE partition = $1 AND sequence < 0`,
				q.partition).Error; err != nil {
				return err
			}
		}
		return tx.Exec(
			`UPDATE engine.counter SET sequence = greatest($2::bigint, CASE WHEN $3 THEN sequence + $4 ELSE sequence END)
			 WHERE partition = $1`,
			q.partition, top, conflict == s.next, top-s.next+1).Error
	})
	if err != nil {
		return 0, err
	}
	q.e.Log.Error(
		"the database lost its last commits: the topic has higher numbers. Numbers continue above; lost decisions may be "+
			"made again and outside parties called again. Use synchronous replication of Postgres",
		"topic", q.e.topic(), "partition", q.partition, "database_had", s.counter, "topic_has", top, "renumbered", moved)
	q.e.metrics.alarm(alarmDatabaseBehind)
	return top + 1, nil
}

// read passes on the records at the offsets [from, to), with the ids that the outbox has for their numbers.
func (q *partitionPublisher) read(ctx context.Context, from, to int64, pass func([]kafka.Record, map[int64]string)) error {
	for from < to {
		fetched, err := q.e.Kafka.Fetch(ctx, []kafka.Position{{Topic: q.e.topic(), Partition: q.partition, Offset: from}}, time.Second)
		if err == nil && len(fetched) == 1 {
			err = fetched[0].Err
		}
		if err != nil {
			return fmt.Errorf("read own topic: %w", err)
		}
		records := fetched[0].Records
		for i := range records {
			if records[i].Offset >= to {
				records = records[:i]
				break
			}
		}
		if len(records) > 0 {
			ids, err := q.ids(ctx, records)
			if err != nil {
				return err
			}
			pass(records, ids)
		}
		if from = max(fetched[0].Next, from); ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// ids are those of the events in the outbox, by number.
func (q *partitionPublisher) ids(ctx context.Context, records []kafka.Record) (map[int64]string, error) {
	var rows []struct {
		Sequence int64
		ID       string
	}
	err := q.e.DB.Gorm().WithContext(ctx).
		Raw(`SELECT sequence, id FROM engine.outbox WHERE partition = $1 AND sequence = ANY($2::bigint[])`,
			q.partition, array(records, func(r kafka.Record) int64 { return r.Sequence })).Scan(&rows).Error
	ids := make(map[int64]string, len(rows))
	for _, r := range rows {
		ids[r.Sequence] = r.ID
	}
	return ids, err
}

// outbox reads the committed events from this number on.
func (q *partitionPublisher) outbox(ctx context.Context, from int64) ([]kafka.Record, error) {
	var rows []outboxRow
	err := q.e.DB.Gorm().WithContext(ctx).Raw(`SELECT sequence, id, type, key, saga, cause, via, at, data FROM engine.outbox
		WHERE partition = $1 AND sequence >= $2 ORDER BY sequence LIMIT $3`, q.partition, from, publishAtOnce).Scan(&rows).Error
	if err != nil {
		return nil, err
	}
	records := make([]kafka.Record, len(rows))
	for i, r := range rows {
		if r.Sequence != from+int64(i) {
			return nil, fmt.Errorf("number %[2]d of partition %[3]d was deleted from the outbox of %[1]s: it cannot be published again; "+
				"run orderflow topics repair", q.e.Service, from+int64(i), q.partition)
		}
		records[i] = q.e.record(r.outgoing())
		records[i].Sequence = r.Sequence
	}
	return records, nil
}

// checkpoint saves how far the topics hold the events, so that the next owner need not read them from the start.
func (e *Engine) checkpoint(ctx context.Context, partitions []*partition) error {
	var numbers pgtype.FlatArray[int32]
	var sequences, offsets, starts pgtype.FlatArray[int64]
	var saved []*partitionPublisher
	for _, p := range partitions {
		q := p.publisher
		q.mu.Lock()
		if q.seen.sequence != q.saved && !q.verify {
			numbers, sequences = append(numbers, int32(q.partition)), append(sequences, q.seen.sequence)
			offsets, starts = append(offsets, q.seen.offset), append(starts, q.logStart)
			saved = append(saved, q)
		}
		q.mu.Unlock()
	}
	if len(saved) == 0 {
		return nil
	}
	err := e.DB.Gorm().WithContext(ctx).
		Exec(`UPDATE engine.published p SET sequence = n.sequence, next_offset = n.next_offset, log_start = n.log_start
		FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::bigint[]) AS n (partition, sequence, next_offset, log_start)
		WHERE p.partition = n.partition`,
			numbers, sequences, offsets, starts).Error
	if err == nil {
		for i, q := range saved {
			q.mu.Lock()
			q.saved = sequences[i]
			q.mu.Unlock()
		}
	}
	return err
}
