package engine

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/engine/parked"
	"orderflow.example/shared/kafka"
)

// later queues a statement whose result is not needed before the commit.
func later(tx *gorm.DB, name, sql string, args ...any) error {
	return database.Later(tx, database.Statement{Name: name, SQL: sql, Args: args})
}

func array[T, V any](list []T, value func(T) V) pgtype.FlatArray[V] {
	values := make(pgtype.FlatArray[V], len(list))
	for i, x := range list {
		values[i] = value(x)
	}
	return values
}

// partitionClass is the first half of the lock that a transaction holds on each of its partitions. Without it an owner and a
// non-owner could both start from the blank state of a key that has no row to lock yet.
const partitionClass = parked.PartitionLock

// enter begins the batch: it locks its partitions, in ascending order, before anything is read. The lock is a statement of its
// own: the fence must read after it was granted.
func (b *batch) enter(tx *gorm.DB) error {
	partitions := make(pgtype.FlatArray[int32], 0, len(b.shares))
	for _, s := range b.shares {
		if s.w.epoch > 0 {
			partitions = append(partitions, int32(s.w.partition))
			continue
		}
		for i := range s.inputs {
			if p := int32(kafka.PartitionOf(s.inputs[i].event.Key, b.e.Partitions)); !slices.Contains(partitions, p) {
				partitions = append(partitions, p)
			}
		}
	}
	slices.Sort(partitions)
	if len(b.shares) > 1 {
		// A partition that is blocked must not block the others for long.
		if err := later(tx, "limit", `SET LOCAL statement_timeout = '1s'`); err != nil {
			return err
		}
	}
	err := later(tx, "lock", `SELECT pg_advisory_xact_lock($1, p) FROM unnest($2::int[]) WITH ORDINALITY AS l (p, n) ORDER BY n`,
		partitionClass, partitions)
	if err != nil {
		return err
	}
	if s := b.shares[0]; s.w.epoch == 0 {
		return s.readParked(tx)
	}
	return b.fence(tx)
}

// fence moves the watermarks, provided that the leases are still those of the workers and the watermarks are as these left them.
// Otherwise another process owns a partition, and the transaction fails.
func (b *batch) fence(tx *gorm.DB) error {
	var partitions, of pgtype.FlatArray[int32]
	var epochs, versions, from, to, offsets pgtype.FlatArray[int64]
	var topics, ids pgtype.FlatArray[string]
	byPartition := make(map[int]*share, len(b.shares))
	for _, s := range b.shares {
		w := s.w
		byPartition[w.partition], s.version = s, w.parkedVersion
		partitions = append(partitions, int32(w.partition))
		epochs, versions = append(epochs, w.epoch), append(versions, w.parkedVersion)
		for topic, at := range s.positions {
			of, topics, ids = append(of, int32(w.partition)), append(topics, topic), append(ids, at.id)
			from, to, offsets = append(from, w.committed[topic].sequence), append(to, at.sequence), append(offsets, at.offset)
		}
	}
	read := func(rows database.Rows) error {
		owned := 0
		for rows.Next() {
			var partition, moved int
			var version int64
			var parked pgtype.FlatArray[string]
			if err := rows.Scan(&partition, &version, &parked, &moved); err != nil {
				return err
			}
			if moved != len(topics) {
				return errFenced
			}
			owned++
			if s := byPartition[partition]; version != s.w.parkedVersion {
				s.version, s.keys = version, make(map[string]bool, len(parked))
				for _, key := range parked {
					s.keys[key] = true
				}
			}
		}
		if owned != len(b.shares) {
			return errFenced
		}
		return nil
	}
	return database.Later(tx, database.Statement{Name: "fence", Read: read, SQL: `
		WITH moved AS (UPDATE engine.watermark w SET sequence = m.upto, next_offset = m.next_offset, record_id = m.record_id
		               FROM unnest($4::int[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::text[])
		                 AS m (partition, topic, since, upto, next_offset, record_id)
		               WHERE w.topic = m.topic AND w.partition = m.partition AND w.sequence = m.since RETURNING 1)
		SELECT l.partition, l.parked_version,
		       CASE WHEN l.parked_version <> o.parked_version
		            THEN ARRAY(SELECT DISTINCT key FROM engine.parked p WHERE p.partition = l.partition AND form <> 'call')
		            ELSE '{}' END,
		       (SELECT count(*) FROM moved)
		FROM unnest($1::int[], $2::bigint[], $3::bigint[]) AS o (partition, epoch, parked_version)
		JOIN engine.lease l USING (partition, epoch)`,
		Args: []any{partitions, epochs, versions, of, topics, from, to, offsets, ids}})
}

// numbered sees that there are numbers for what a non-owner's commands lead to. A database that was made anew has none until it
// is restored, and no lease, which keeps owners away.
func (e *Engine) numbered(tx *gorm.DB, partitions pgtype.FlatArray[int32]) error {
	read := func(rows database.Rows) error {
		var partition int
		if !rows.Next() {
			return nil
		}
		if err := rows.Scan(&partition); err != nil {
			return err
		}
		return fmt.Errorf("its database has no numbers for partition %d: it was made anew; run `orderflow replay %s --apply`",
			partition, e.Service)
	}
	return database.Later(tx, database.Statement{Name: "numbers", Read: read, Args: []any{partitions},
		SQL: `SELECT p FROM unnest($1::int[]) AS p WHERE NOT EXISTS (SELECT FROM engine.counter c WHERE c.partition = p) LIMIT 1`})
}

// readParked reads which keys of a non-owner's commands are parked.
func (s *share) readParked(tx *gorm.DB) error {
	keys, of := make(pgtype.FlatArray[string], len(s.inputs)), make(pgtype.FlatArray[int32], len(s.inputs))
	for i := range s.inputs {
		key := s.inputs[i].event.Key
		keys[i], of[i] = storable(key), int32(kafka.PartitionOf(key, s.w.e.Partitions))
	}
	s.keys = map[string]bool{}
	if err := s.w.e.numbered(tx, of); err != nil {
		return err
	}
	read := func(rows database.Rows) error {
		for rows.Next() {
			var key string
			if err := rows.Scan(&key); err != nil {
				return err
			}
			s.keys[key] = true
		}
		return nil
	}
	return database.Later(tx, database.Statement{Name: "parked keys", Read: read, Args: []any{keys, of}, SQL: `
		SELECT k.key FROM unnest($1::text[], $2::int[]) AS k (key, partition)
		WHERE EXISTS (SELECT FROM engine.parked p WHERE p.partition = k.partition AND p.key = k.key AND p.form <> 'call')`})
}

// claim deletes the rows of answers and deadlines. An input whose row is gone was processed before, or was cancelled or moved
// meanwhile, and is dropped.
func (b *batch) claim(tx *gorm.DB) error {
	var calls, due pgtype.FlatArray[string]
	var partitions pgtype.FlatArray[int32]
	for _, s := range b.shares {
		s.live = make([]*input, 0, len(s.inputs))
		waiting := len(due)
		for i := range s.inputs {
			in := &s.inputs[i]
			switch {
			case !in.concerns():
				continue
			case in.number != 0:
			case in.form == answer, in.form == refusal:
				calls = append(calls, in.event.ID)
			case in.form == deadline:
				due = append(due, in.event.ID)
			}
			s.live = append(s.live, in)
		}
		if len(due) > waiting {
			partitions = append(partitions, int32(s.w.partition))
		}
	}
	if len(calls) == 0 && len(due) == 0 {
		return nil
	}
	mine := make(map[string]bool, len(calls)+len(due))
	taken := func(rows database.Rows) error {
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			mine[id] = true
		}
		return nil
	}
	err := database.Later(tx, database.Statement{Name: "claim", Read: taken, Args: []any{calls, due, partitions}, SQL: `
		WITH calls AS (DELETE FROM engine.call WHERE id = ANY($1::text[]) RETURNING id),
		due AS (DELETE FROM engine.deadline WHERE partition = ANY($3::int[]) AND id = ANY($2::text[]) AND due_at <= now() RETURNING id)
		SELECT id FROM calls UNION ALL SELECT id FROM due`})
	if err == nil {
		err = database.Arrived(tx)
	}
	if err != nil {
		return err
	}
	for _, s := range b.shares {
		s.live = slices.DeleteFunc(s.live, func(in *input) bool {
			if in.number != 0 || in.form == command || in.form == event {
				return false
			}
			claimed := mine[in.event.ID]
			mine[in.event.ID] = false // of two answers in one batch the first counts
			return !claimed
		})
	}
	return nil
}

func (b *batch) write(tx *gorm.DB) error {
	for _, set := range b.sets {
		if err := set.Save(tx); err != nil {
			return err
		}
	}
	if err := b.writeCalls(tx); err != nil {
		return err
	}
	if err := b.writeDeadlines(tx); err != nil {
		return err
	}
	if err := b.writeParked(tx); err != nil {
		return err
	}
	if err := b.series.write(tx); err != nil {
		return err
	}
	if err := b.writeOutbox(tx); err != nil || len(b.shares) == 1 {
		return err
	}
	return later(tx, "unlimit", `SET LOCAL statement_timeout TO DEFAULT`) // a COMMIT that waits for a standby must not be cancelled
}

// writeOutbox gives the outgoing events their numbers. The counters are locked last of all rows, in ascending order, and
// held until the commit: so numbers follow the order of commits, without gaps.
func (b *batch) writeOutbox(tx *gorm.DB) error {
	b.latestOnly()
	if len(b.out) == 0 {
		return nil
	}
	counts := map[int]int64{}
	ordinals := make(pgtype.FlatArray[int64], len(b.out))
	for i := range b.out {
		counts[b.out[i].partition]++
		ordinals[i] = counts[b.out[i].partition]
	}
	b.base = make(map[int]int64, len(counts))
	bases := func(rows database.Rows) error {
		for rows.Next() {
			var partition int
			var base int64
			if err := rows.Scan(&partition, &base); err != nil {
				return err
			}
			b.base[partition] = base
		}
		return nil
	}
	partitions := slices.Collect(maps.Keys(counts))
	return database.Later(tx, database.Statement{Name: "write outbox", Read: bases, SQL: `
		WITH locked AS MATERIALIZED (SELECT c.partition, c.sequence AS base FROM engine.counter c WHERE c.partition = ANY($1::int[])
		                             ORDER BY c.partition FOR UPDATE),
		moved AS (UPDATE engine.counter c SET sequence = l.base + n.events
		          FROM locked l JOIN unnest($1::int[], $2::bigint[]) AS n (partition, events) USING (partition)
		          WHERE c.partition = l.partition),
		written AS (INSERT INTO engine.outbox (partition, sequence, id, type, key, saga, cause, via, at, data)
		            SELECT o.partition, l.base + o.ordinal, o.id, o.type, o.key, o.saga, o.cause, o.via, o.at, o.data::json
		            FROM unnest($3::int[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
		                        $11::timestamptz[], $12::text[])
		              AS o (partition, ordinal, id, type, key, saga, cause, via, at, data) JOIN locked l USING (partition))
		SELECT partition, base FROM locked`,
		Args: []any{
			array(partitions, func(p int) int32 { return int32(p) }),
			array(partitions, func(p int) int64 { return counts[p] }),
			array(b.out, func(o outgoing) int32 { return int32(o.partition) }),
			ordinals,
			array(b.out, func(o outgoing) string { return o.event.ID }),
			array(b.out, func(o outgoing) string { return o.event.Type }),
			array(b.out, func(o outgoing) string { return o.event.Key }),
			array(b.out, func(o outgoing) string { return o.event.Saga }),
			array(b.out, func(o outgoing) string { return o.event.Cause }),
			array(b.out, func(o outgoing) string { return o.event.Via }),
			array(b.out, func(o outgoing) time.Time { return o.event.Time }),
			array(b.out, func(o outgoing) string { return string(o.data) }),
		}})
}

// answerJSON is the stored form of an answer that is parked.
func answerJSON(answer any) []byte {
	data, err := json.Marshal(answer)
	if err != nil {
		panic(err) // the answer's type is the program's own
	}
	return data
}
