package engine

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// move makes a deadline due at another time; false where it is not there, or was moved later than that. One taken off
// stays, due never, so that it can be moved back and is settled like others.
func (e *Engine) move(ctx context.Context, m Moved) (bool, error) {
	r := e.DB.Gorm().WithContext(ctx).Exec(`UPDATE engine.deadline SET due_at = coalesce($4::timestamptz, 'infinity'), moved_by = $5, moved_at = $6
		WHERE key = $1 AND type = $2 AND id = $3 AND (moved_at IS NULL OR moved_at < $6)`, m.Key, m.Since, m.ID, m.DueAt, m.By, m.At)
	return r.RowsAffected > 0, r.Error
}

// deadlines hands what is due, by the database's clock, to the owners' workers.
func (e *Engine) deadlines(ctx context.Context, workers []*worker) error {
	if len(workers) == 0 {
		return nil
	}
	byPartition := map[int]*worker{}
	for _, w := range workers {
		byPartition[w.partition] = w
	}
	var rows []struct {
		Partition           int
		ID, Key, Type, Saga string
		Since               []byte
	}
	err := e.DB.Gorm().WithContext(ctx).Raw(`SELECT partition, id, key, type, saga, since FROM engine.deadline
		WHERE partition = ANY($1::int[]) AND due_at <= now() ORDER BY due_at LIMIT 1000`, partitionsOf(workers)).Scan(&rows).Error
	if err != nil {
		return err
	}
	for _, r := range rows {
		k := e.kind(r.Type)
		if k == nil {
			return fmt.Errorf("a deadline runs from %s, which this build of %s does not know", r.Type, e.Service)
		}
		data, err := k.Decode(r.Since)
		if err != nil {
			return err
		}
		byPartition[r.Partition].pushDue(saga.Event{ID: r.ID, Type: r.Type, Key: r.Key, Saga: r.Saga, Data: data})
	}
	return nil
}

// pushDue queues a deadline unless it is queued already.
func (w *worker) pushDue(since saga.Event) {
	w.mu.Lock()
	queued := false
	for i := range w.queue {
		queued = queued || w.queue[i].form == expired && w.queue[i].event.ID == since.ID
	}
	w.mu.Unlock()
	if !queued {
		w.push(input{form: expired, event: since})
	}
}

func (b *batch) writeDeadlines(tx *gorm.DB) error {
	if len(b.deadline) == 0 {
		return nil
	}
	var keys, types pgtype.FlatArray[string]
	var armed []row
	for k, r := range b.deadline {
		if r != nil {
			armed = append(armed, *r)
		} else {
			keys, types = append(keys, k.key), append(types, k.since)
		}
	}
	if len(keys) > 0 {
		err := later(tx, "settle deadlines", `DELETE FROM engine.deadline d USING unnest($1::text[], $2::text[]) AS off (key, type)
			WHERE d.key = off.key AND d.type = off.type`, keys, types)
		if err != nil {
			return err
		}
	}
	if len(armed) == 0 {
		return nil
	}
	return later(tx, "arm deadlines", `INSERT INTO engine.deadline (id, partition, type, key, saga, due_at, since)
		SELECT id, partition, type, key, saga, now() + make_interval(secs => seconds), since
		FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::text[]::json[])
		  AS d (id, partition, type, key, saga, seconds, since)
		ON CONFLICT (key, type) DO UPDATE SET id = excluded.id, due_at = excluded.due_at, since = excluded.since,
		  moved_by = '', moved_at = NULL`,
		array(armed, func(r row) string { return r.event.ID }),
		array(armed, func(r row) int32 { return int32(kafka.PartitionOf(r.event.Key, b.w.e.Partitions)) }),
		array(armed, func(r row) string { return r.event.Type }),
		array(armed, func(r row) string { return r.event.Key }),
		array(armed, func(r row) string { return r.event.Saga }),
		array(armed, func(r row) float64 { return r.after.Seconds() }),
		array(armed, func(r row) string { return string(r.data) }))
}
