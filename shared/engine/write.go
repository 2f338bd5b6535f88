package engine

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/engine/parked"
	"orderflow.example/shared/kafka"
)

// later is Exec for what nobody waits for before the commit.
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

// partitionClass is the first half of the lock that a transaction holds on each partition it decides about. Without it
// an owner and a non-owner could both start from "nothing is known" of a key that has no row to lock yet.
const partitionClass = parked.PartitionLock

// fence begins an owner's batch: under the partition's lock it moves the watermarks, provided that the lease is still this
// one's and that they stand where this worker left them. Otherwise somebody else is the owner, and nothing may happen. The
// lock is a statement of its own: what is compared must have been read after it was granted.
func (b *batch) fence(tx *gorm.DB) error {
	w, n := b.w, len(b.positions)
	if err := later(tx, "lock", `SELECT pg_advisory_xact_lock($1, $2)`, partitionClass, w.partition); err != nil {
		return err
	}
	topics, ids := make(pgtype.FlatArray[string], 0, n), make(pgtype.FlatArray[string], 0, n)
	from, to, offsets := make(pgtype.FlatArray[int64], 0, n), make(pgtype.FlatArray[int64], 0, n), make(pgtype.FlatArray[int64], 0, n)
	for topic, at := range b.positions {
		topics, ids = append(topics, topic), append(ids, at.id)
		from, to, offsets = append(from, w.committed[topic].sequence), append(to, at.sequence), append(offsets, at.offset)
	}
	b.version = w.parkedVersion
	read := func(rows database.Rows) error {
		moved, owned := 0, false
		var parked pgtype.FlatArray[string]
		for rows.Next() {
			if err := rows.Scan(&moved, &owned, &b.version, &parked); err != nil {
				return err
			}
		}
		if moved != n || !owned {
			return errFenced
		}
		if b.version != w.parkedVersion {
			b.keys = make(map[string]bool, len(parked))
			for _, key := range parked {
				b.keys[key] = true
			}
		}
		return nil
	}
	return database.Later(tx, database.Statement{Name: "fence", Read: read, SQL: `
		WITH mine AS (SELECT parked_version FROM engine.lease WHERE partition = $1 AND epoch = $2),
		moved AS (UPDATE engine.watermark w SET sequence = m.upto, next_offset = m.next_offset, record_id = m.record_id
		          FROM unnest($3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[]) AS m (topic, since, upto, next_offset, record_id), mine
		          WHERE w.topic = m.topic AND w.partition = $1 AND w.sequence = m.since RETURNING 1)
		SELECT (SELECT count(*) FROM moved), EXISTS (SELECT FROM mine), coalesce((SELECT parked_version FROM mine), 0),
		       CASE WHEN (SELECT parked_version FROM mine) <> $8
		            THEN ARRAY(SELECT DISTINCT key FROM engine.parked WHERE partition = $1 AND form <> 'call') ELSE '{}' END`,
		Args: []any{w.partition, w.epoch, topics, from, to, offsets, ids, w.parkedVersion}})
}

// enter begins a non-owner's batch: it locks the partitions of its commands, in ascending order, before anything is read,
// and reads which of their keys are parked.
func (b *batch) enter(tx *gorm.DB) error {
	seen := map[int]bool{}
	var partitions pgtype.FlatArray[int32]
	var keys, of = make(pgtype.FlatArray[string], len(b.inputs)), make(pgtype.FlatArray[int32], len(b.inputs))
	for i := range b.inputs {
		p := kafka.PartitionOf(b.inputs[i].event.Key, b.w.e.Partitions)
		keys[i], of[i] = storable(b.inputs[i].event.Key), int32(p)
		if !seen[p] {
			seen[p] = true
			partitions = append(partitions, int32(p))
		}
	}
	slices.Sort(partitions)
	err := later(tx, "enter", `SELECT pg_advisory_xact_lock($1, p) FROM unnest($2::int[]) WITH ORDINALITY AS l (p, n) ORDER BY n`,
		partitionClass, partitions)
	if err != nil {
		return err
	}
	b.keys = map[string]bool{}
	read := func(rows database.Rows) error {
		for rows.Next() {
			var key string
			if err := rows.Scan(&key); err != nil {
				return err
			}
			b.keys[key] = true
		}
		return nil
	}
	return database.Later(tx, database.Statement{Name: "parked keys", Read: read, Args: []any{keys, of}, SQL: `
		SELECT k.key FROM unnest($1::text[], $2::int[]) AS k (key, partition)
		WHERE EXISTS (SELECT FROM engine.parked p WHERE p.partition = k.partition AND p.key = k.key AND p.form <> 'call')`})
}

// claim takes answers and deadlines off their tables. One whose row is gone has been taken before, or was cancelled or
// moved meanwhile, and is dropped.
func (b *batch) claim(tx *gorm.DB) ([]*input, error) {
	live := make([]*input, 0, len(b.inputs))
	var calls, due pgtype.FlatArray[string]
	for i := range b.inputs {
		switch in := &b.inputs[i]; {
		case in.form == flush:
		case in.number != 0, in.form == command:
			live = append(live, in)
		case in.form == answer, in.form == refusal:
			calls = append(calls, in.event.ID)
			live = append(live, in)
		case in.form == deadline:
			due = append(due, in.event.ID)
			live = append(live, in)
		case b.w.e.hears(in.record.Type) || in.record.Malformed != nil:
			live = append(live, in)
		}
	}
	if len(calls) == 0 && len(due) == 0 {
		return live, nil
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
	err := database.Later(tx, database.Statement{Name: "claim", Read: taken, Args: []any{calls, due, b.w.partition}, SQL: `
		WITH calls AS (DELETE FROM engine.call WHERE id = ANY($1::text[]) RETURNING id),
		due AS (DELETE FROM engine.deadline WHERE partition = $3 AND id = ANY($2::text[]) AND due_at <= now() RETURNING id)
		SELECT id FROM calls UNION ALL SELECT id FROM due`})
	if err == nil {
		err = database.Arrived(tx)
	}
	if err != nil {
		return nil, err
	}
	kept := live[:0]
	for _, in := range live {
		if in.number != 0 || in.form == command || in.form == event {
			kept = append(kept, in)
		} else if mine[in.event.ID] {
			mine[in.event.ID] = false // two answers in one batch: the first counts
			kept = append(kept, in)
		}
	}
	return kept, nil
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
	return b.writeOutbox(tx)
}

// writeOutbox gives the outgoing events their numbers. The counters are locked last of all rows, in ascending order, and
// held until the commit: so numbers follow the order of commits, and there is no gap between them.
func (b *batch) writeOutbox(tx *gorm.DB) error {
	b.latestOnly()
	if len(b.out) == 0 {
		return nil
	}
	byPartition := map[int][]outgoing{}
	for _, o := range b.out {
		byPartition[o.partition] = append(byPartition[o.partition], o)
	}
	b.base = make(map[int]int64, len(byPartition))
	for _, partition := range slices.Sorted(maps.Keys(byPartition)) {
		if err := b.writePartition(tx, partition, byPartition[partition]); err != nil {
			return err
		}
	}
	return nil
}

// writePartition is one statement for each partition, mostly the worker's own, so that Postgres plans it once for all:
// it would plan one for any set of partitions again and again, at a third of its cost.
func (b *batch) writePartition(tx *gorm.DB, partition int, out []outgoing) error {
	base := func(rows database.Rows) error {
		for rows.Next() {
			var base int64
			if err := rows.Scan(&base); err != nil {
				return err
			}
			b.base[partition] = base
		}
		return nil
	}
	return database.Later(tx, database.Statement{Name: "write outbox", Read: base, SQL: `
		WITH moved AS (UPDATE engine.counter SET sequence = sequence + $2 WHERE partition = $1 RETURNING sequence - $2 AS base),
		written AS (INSERT INTO engine.outbox (partition, sequence, id, type, key, saga, cause, via, at, data)
		            SELECT $1, m.base + o.ordinal, o.id, o.type, o.key, o.saga, o.cause, o.via, o.at, o.data::json
		            FROM moved m, unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::timestamptz[], $10::text[])
		              WITH ORDINALITY AS o (id, type, key, saga, cause, via, at, data, ordinal))
		SELECT base FROM moved`,
		Args: []any{
			int32(partition), int64(len(out)),
			array(out, func(o outgoing) string { return o.event.ID }),
			array(out, func(o outgoing) string { return o.event.Type }),
			array(out, func(o outgoing) string { return o.event.Key }),
			array(out, func(o outgoing) string { return o.event.Saga }),
			array(out, func(o outgoing) string { return o.event.Cause }),
			array(out, func(o outgoing) string { return o.event.Via }),
			array(out, func(o outgoing) time.Time { return o.event.Time }),
			array(out, func(o outgoing) string { return string(o.data) }),
		}})
}

// answerJSON is how an answer that must wait is kept.
func answerJSON(answer any) []byte {
	data, err := json.Marshal(answer)
	if err != nil {
		panic(err) // the answer's type is the program's own
	}
	return data
}
