package engine

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"orderflow.example/shared/database"
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

// load reads where a partition just taken stands.
func (w *worker) load(ctx context.Context) error {
	var rows []struct {
		Topic      string
		Sequence   int64
		NextOffset int64
		RecordID   string
	}
	var keys []string
	db := w.e.DB.Gorm().WithContext(ctx)
	err := db.Exec(`INSERT INTO engine.watermark (topic, partition) SELECT unnest($1::text[]), $2::int ON CONFLICT DO NOTHING`,
		pgtype.FlatArray[string](w.e.topics), w.partition).Error
	if err == nil {
		err = db.Raw(`SELECT topic, sequence, next_offset, record_id FROM engine.watermark WHERE partition = $1 AND topic = ANY($2::text[])`,
			w.partition, pgtype.FlatArray[string](w.e.topics)).Scan(&rows).Error
	}
	if err == nil {
		err = db.Raw(`SELECT DISTINCT key FROM engine.parked WHERE partition = $1`, w.partition).Scan(&keys).Error
	}
	if err != nil {
		return err
	}
	for _, m := range rows {
		w.committed[m.Topic] = mark{m.Sequence, m.NextOffset, m.RecordID}
		r := &reader{topic: m.Topic, w: w, next: m.NextOffset, last: m.Sequence, id: m.RecordID}
		r.applied.Store(m.Sequence)
		r.suspect()
		w.readers = append(w.readers, r)
	}
	for _, k := range keys {
		w.parked[k] = true
	}
	return nil
}

// fence is the first statement of an owner's batch: it moves the watermarks, provided that the lease is still this
// one's and that they stand where this worker left them. Otherwise somebody else is the owner, and nothing may happen.
func (b *batch) fence(tx *gorm.DB) error {
	w, marks, n := b.w, b.marks, len(b.marks)
	topics, ids := make(pgtype.FlatArray[string], 0, n), make(pgtype.FlatArray[string], 0, n)
	from, to, offsets := make(pgtype.FlatArray[int64], 0, n), make(pgtype.FlatArray[int64], 0, n), make(pgtype.FlatArray[int64], 0, n)
	for topic, m := range marks {
		topics, ids = append(topics, topic), append(ids, m.id)
		from, to, offsets = append(from, w.committed[topic].sequence), append(to, m.sequence), append(offsets, m.offset)
	}
	answer := func(rows database.Rows) error {
		var moved, leased int
		for rows.Next() {
			if err := rows.Scan(&moved, &leased, new(string)); err != nil {
				return err
			}
		}
		if moved != n || leased == 0 {
			return errFenced
		}
		return nil
	}
	return database.Later(tx, database.Statement{Name: "fence", Read: answer, SQL: `
		WITH mine AS (SELECT 1 FROM engine.lease WHERE partition = $1 AND epoch = $2),
		moved AS (UPDATE engine.watermark w SET sequence = m.upto, next_offset = m.next_offset, record_id = m.record_id
		          FROM unnest($3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[]) AS m (topic, since, upto, next_offset, record_id), mine
		          WHERE w.topic = m.topic AND w.partition = $1 AND w.sequence = m.since RETURNING 1)
		SELECT (SELECT count(*) FROM moved), (SELECT count(*) FROM mine), pg_advisory_xact_lock($8, $1)::text`,
		Args: []any{w.partition, w.epoch, topics, from, to, offsets, ids, partitionClass}})
}

// partitionClass is the first half of the lock that a transaction holds on each partition it decides about. Without it
// an owner and a guest could both start from "nothing is known" of a key that has no row to lock yet.
const partitionClass = 0x6f67

// enter locks the partitions of a guest's commands, in ascending order, before anything is read.
func (b *batch) enter(tx *gorm.DB) error {
	seen := map[int]bool{}
	var partitions pgtype.FlatArray[int32]
	for i := range b.inputs {
		if p := kafka.PartitionOf(b.inputs[i].event.Key, b.w.e.Partitions); !seen[p] {
			seen[p] = true
			partitions = append(partitions, int32(p))
		}
	}
	slices.Sort(partitions)
	return later(tx, "enter", `SELECT pg_advisory_xact_lock($1, p) FROM unnest($2::int[]) WITH ORDINALITY AS l (p, n) ORDER BY n`,
		partitionClass, partitions)
}

// claim takes answers and deadlines off their tables. One whose row is gone has been taken before, or was cancelled or
// moved meanwhile, and is dropped.
func (b *batch) claim(tx *gorm.DB) ([]*input, error) {
	live := make([]*input, 0, len(b.inputs))
	var calls, due pgtype.FlatArray[string]
	for i := range b.inputs {
		switch in := &b.inputs[i]; {
		case in.form == flush:
		case in.number != 0, in.form == ordered:
			live = append(live, in)
		case in.form == answered:
			calls = append(calls, in.event.ID)
			live = append(live, in)
		case in.form == expired:
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
		if in.number != 0 || in.form == ordered || in.form == heard {
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
	if len(b.asks) > 0 {
		err := later(tx, "write calls", `INSERT INTO engine.call (id, partition, type, key, saga, at, asked, stray)
			SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[]::json[], $8::boolean[])`,
			array(b.asks, func(r row) string { return r.event.ID }),
			array(b.asks, func(r row) int32 { return int32(kafka.PartitionOf(r.event.Key, b.w.e.Partitions)) }),
			array(b.asks, func(r row) string { return r.event.Type }),
			array(b.asks, func(r row) string { return r.event.Key }),
			array(b.asks, func(r row) string { return r.event.Saga }),
			array(b.asks, func(r row) time.Time { return r.event.Time }),
			array(b.asks, func(r row) string { return string(r.data) }),
			array(b.asks, func(r row) bool { return !b.mine(r.event) }))
		if err != nil {
			return err
		}
	}
	if err := b.writeDeadlines(tx); err != nil {
		return err
	}
	if err := b.writeParked(tx); err != nil {
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
