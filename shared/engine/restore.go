package engine

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// Restored is what a service's own topic tells that its database must know beside the states.
type Restored struct {
	Service    string
	Bindings   []Binding
	Partitions int
	Held       map[int]Held // by partition
	Work       *OpenWork
}

// Held is what the topic holds of one partition.
type Held struct {
	Sequence             int64 // the last number
	FirstOffset, EndNext int64 // of the log
}

// Restore brings the engine's tables level with the topic, in one transaction with the states. Numbers go on where the topic
// ends; open questions and deadlines are those of Work. Where the service has come in other topics stays as it is: from
// there on it hears again, and what led to its events is only shown: see FillOutbox. Whoever owned a partition is fenced off.
func Restore(tx *gorm.DB, r Restored) error {
	if err := tx.Exec(`INSERT INTO engine.watermark (topic, partition) VALUES ($1, 0) ON CONFLICT DO NOTHING`,
		ControlTopic).Error; err != nil {
		return err
	}
	partitions := slices.Sorted(maps.Keys(r.Held))
	err := tx.Exec(
		`WITH t AS (SELECT * FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::bigint[]) AS t (partition, sequence, first, next)),
		a AS (INSERT INTO engine.lease (partition) SELECT partition FROM t
			ON CONFLICT (partition) DO UPDATE SET epoch = lease.epoch + 1, parked_version = lease.parked_version + 1),
		b AS (INSERT INTO engine.counter (partition, sequence) SELECT partition, sequence FROM t
			ON CONFLICT (partition) DO UPDATE SET sequence = greatest(counter.sequence, excluded.sequence))
		INSERT INTO engine.published (partition, sequence, next_offset, log_start, pruned)
		SELECT partition, sequence, next, first,
			coalesce((SELECT min(o.sequence) FROM engine.outbox o WHERE o.partition = t.partition) - 1, sequence) FROM t
		ON CONFLICT (partition) DO UPDATE SET sequence = excluded.sequence, next_offset = excluded.next_offset,
			log_start = excluded.log_start, pruned = excluded.pruned`,
		array(partitions, func(p int) int32 { return int32(p) }),
		array(partitions, func(p int) int64 { return r.Held[p].Sequence }),
		array(partitions, func(p int) int64 { return r.Held[p].FirstOffset }),
		array(partitions, func(p int) int64 { return r.Held[p].EndNext })).Error
	if err != nil {
		return fmt.Errorf("engine: restore the numbers: %w", err)
	}
	// What waits in engine.parked is a question or a deadline of its own; what its row says comes back from the topic.
	if err := tx.Exec(`DELETE FROM engine.parked WHERE form IN ('call', 'answer', 'deadline')`).Error; err != nil {
		return err
	}
	if err := tx.Exec(`DELETE FROM engine.call`).Error; err != nil {
		return err
	}
	if err := tx.Exec(`DELETE FROM engine.deadline`).Error; err != nil {
		return err
	}
	b := &batch{e: &Engine{Config: Config{Service: r.Service, Bindings: r.Bindings, Partitions: r.Partitions}},
		deadline: map[about]*row{}}
	questions, deadlines := r.Work.rows()
	b.asks = questions
	if err := b.writeCalls(tx); err != nil {
		return fmt.Errorf("engine: restore the open questions: %w", err)
	}
	if err := later(tx, "restored calls", `UPDATE engine.call SET restored = true`); err != nil {
		return err
	}
	if err := restoreDeadlines(tx, b.e, deadlines); err != nil {
		return fmt.Errorf("engine: restore the deadlines: %w", err)
	}
	b.series.taken = r.Work.series
	return b.series.write(tx)
}

// redo does to the tables what the events that were added did to them.
func (w *OpenWork) redo(tx *gorm.DB, e *Engine) error {
	var keys, types pgtype.FlatArray[string]
	for k := range w.off {
		keys, types = append(keys, k.key), append(types, k.kind)
	}
	closed := pgtype.FlatArray[string](w.closed)
	for _, table := range []string{"call", "deadline"} {
		if err := tx.Exec(`DELETE FROM engine.`+table+` WHERE id = ANY($1::text[])`, closed).Error; err != nil {
			return err
		}
		err := tx.Exec(`DELETE FROM engine.`+table+` t USING unnest($1::text[], $2::text[]) AS o (key, type)
			WHERE t.key = o.key AND t.type = o.type`, keys, types).Error
		if err != nil {
			return err
		}
	}
	b := &batch{e: e}
	questions, deadlines := w.rows()
	b.asks = questions
	if err := b.writeCalls(tx); err != nil {
		return err
	}
	if err := restoreDeadlines(tx, e, deadlines); err != nil {
		return err
	}
	return tx.Exec(`INSERT INTO engine.series (name, number) SELECT * FROM unnest($1::text[], $2::bigint[])
		ON CONFLICT (name) DO UPDATE SET number = series.number + excluded.number`,
		pgtype.FlatArray[string](slices.Collect(maps.Keys(w.series))),
		pgtype.FlatArray[int64](slices.Collect(maps.Values(w.series)))).Error
}

// restoreDeadlines writes them due when they were: so long after their events, not after now.
func restoreDeadlines(tx *gorm.DB, e *Engine, deadlines []row) error {
	due := make(pgtype.FlatArray[time.Time], len(deadlines))
	for i, d := range deadlines {
		at, err := e.deadlineOf(d.event.Type).FallsDue(d.event)
		if err != nil {
			return err
		}
		due[i] = at
	}
	return tx.Exec(`INSERT INTO engine.deadline (id, partition, type, key, saga, due_at, since)
		SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[]::json[])
		ON CONFLICT (key, type) DO UPDATE SET id = excluded.id, due_at = excluded.due_at, since = excluded.since,
		  moved_by = '', moved_at = NULL`,
		array(deadlines, func(r row) string { return r.event.ID }),
		array(deadlines, func(r row) int32 { return int32(kafka.PartitionOf(r.event.Key, e.Partitions)) }),
		array(deadlines, func(r row) string { return r.event.Type }),
		array(deadlines, func(r row) string { return r.event.Key }),
		array(deadlines, func(r row) string { return r.event.Saga }),
		due,
		array(deadlines, func(r row) string { return string(r.data) })).Error
}

// FillOutbox writes own events, as they stand on the topic, into the outbox, so that the topic can be filled again from it.
// Those that are there stay. What they followed from is known as answered, when it is heard again.
func FillOutbox(tx *gorm.DB, records []kafka.Record) error {
	causes := pgtype.FlatArray[string]{}
	for _, r := range records {
		if r.Via == "" && r.Causation != "" {
			causes = append(causes, r.Causation)
		}
	}
	if err := tx.Exec(`INSERT INTO engine.answered SELECT DISTINCT unnest($1::text[]) ON CONFLICT DO NOTHING`,
		causes).Error; err != nil {
		return err
	}
	return tx.Exec(`INSERT INTO engine.outbox (partition, sequence, id, type, key, saga, cause, via, at, data)
		SELECT partition, sequence, id, type, key, saga, cause, via, at, data::json
		FROM unnest($1::int[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
		            $9::timestamptz[], $10::text[])
		  AS o (partition, sequence, id, type, key, saga, cause, via, at, data) ON CONFLICT DO NOTHING`,
		array(records, func(r kafka.Record) int32 { return int32(r.Partition) }),
		array(records, func(r kafka.Record) int64 { return r.Sequence }),
		array(records, func(r kafka.Record) string { return r.ID }),
		array(records, func(r kafka.Record) string { return r.Type }),
		array(records, func(r kafka.Record) string { return r.Key }),
		array(records, func(r kafka.Record) string { return or(r.Correlation, r.Key) }),
		array(records, func(r kafka.Record) string { return r.Causation }),
		array(records, func(r kafka.Record) string { return r.Via }),
		array(records, func(r kafka.Record) time.Time { return r.Time }),
		array(records, func(r kafka.Record) string { return string(r.Data) })).Error
}

// EventOf is the record as machines take it in, but for its payload.
func EventOf(r *kafka.Record) saga.Event {
	return saga.Event{ID: r.ID, Type: r.Type, Key: r.Key, Saga: or(r.Correlation, r.Key), Cause: r.Causation,
		Via: r.Via, Time: r.Time}
}
