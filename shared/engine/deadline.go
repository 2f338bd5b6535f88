package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// move changes when a deadline is due; false if it is not there. A cancelled one keeps its row, due never, so that it can be
// moved back and is settled like others.
func move(tx *gorm.DB, m Moved) (bool, error) {
	r := tx.Exec(`UPDATE engine.deadline SET due_at = coalesce($4::timestamptz, 'infinity'), moved_by = $5, moved_at = now()
		WHERE key = $1 AND type = $2 AND id = $3`, m.Key, m.Since, m.ID, m.DueAt, m.By)
	return r.RowsAffected > 0, r.Error
}

// dueAtOnce is how many deadlines of one partition are read at once.
const dueAtOnce = 1000

// fireDeadlines queues the deadlines that are due by the database's clock. One that this build cannot read is queued with the
// reason, to be parked.
func (p *partition) fireDeadlines(ctx context.Context) error {
	var rows []struct {
		ID, Key, Type, Saga string
		Since               []byte
	}
	err := p.e.DB.Gorm().WithContext(ctx).Raw(`SELECT id, key, type, saga, since FROM engine.deadline
		WHERE partition = $1 AND due_at <= now() ORDER BY due_at LIMIT $2`, p.partition, dueAtOnce).Scan(&rows).Error
	if err != nil {
		return err
	}
	for _, r := range rows {
		in := input{form: deadline, event: saga.Event{ID: r.ID, Type: r.Type, Key: r.Key, Saga: r.Saga}}
		in.event.Type, in.event.Data, in.reason = p.e.decode(r.Type, r.Since)
		if in.reason != "" {
			in.raw = r.Since
		}
		p.queue.pushOnce(r.ID, in)
	}
	return nil
}

// decode reads the stored payload of an own event, and tells its type, which is a newer one if it is of an earlier version;
// reason is why it cannot be read.
func (e *Engine) decode(name string, data []byte) (current string, payload any, reason string) {
	k := e.kind(name)
	if k == nil {
		return name, nil, fmt.Sprintf("%s is not known to this build of %s", name, e.Service)
	}
	payload, err := k.Decode(data)
	if err != nil {
		return name, nil, "the payload cannot be read: " + err.Error()
	}
	return k.Name(), payload, ""
}

// deadlineOf is the row whose deadline runs from the own event.
func (e *Engine) deadlineOf(own string) *saga.Row {
	for _, x := range e.Bindings {
		if r := x.Machine.DeadlineOf(own); r != nil {
			return r
		}
	}
	return nil
}

// fallDue checks the times that own events carry for their deadlines.
func fallDue(m *saga.Machine, armed []saga.Event) error {
	for _, e := range armed {
		if _, err := m.DeadlineOf(e.Type).FallsDue(e); err != nil {
			return err
		}
	}
	return nil
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
			keys, types = append(keys, k.key), append(types, k.kind)
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
	after, at := make(pgtype.FlatArray[float64], len(armed)), make(pgtype.FlatArray[*time.Time], len(armed))
	for i, r := range armed {
		if d := b.e.deadlineOf(r.event.Type); d.TellsWhen() {
			due, _ := d.FallsDue(r.event) // checked by decide
			at[i] = &due
		} else {
			after[i] = d.After.Seconds()
		}
	}
	return later(tx, "arm deadlines", `INSERT INTO engine.deadline (id, partition, type, key, saga, due_at, since)
		SELECT id, partition, type, key, saga, coalesce(at, now() + make_interval(secs => seconds)), since
		FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::timestamptz[], $8::text[]::json[])
		  AS d (id, partition, type, key, saga, seconds, at, since)
		ON CONFLICT (key, type) DO UPDATE SET id = excluded.id, due_at = excluded.due_at, since = excluded.since,
		  moved_by = '', moved_at = NULL`,
		array(armed, func(r row) string { return r.event.ID }),
		array(armed, func(r row) int32 { return int32(kafka.PartitionOf(r.event.Key, b.e.Partitions)) }),
		array(armed, func(r row) string { return r.event.Type }),
		array(armed, func(r row) string { return r.event.Key }),
		array(armed, func(r row) string { return r.event.Saga }),
		after, at,
		array(armed, func(r row) string { return string(r.data) }))
}
