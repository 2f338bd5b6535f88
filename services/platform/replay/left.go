package replay

import (
	"context"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

// leave stores the events that the service has not applied because they are parked.
func leave(tx *gorm.DB, records []kafka.Record) error {
	if len(records) == 0 {
		return nil
	}
	n := len(records)
	ids, topics := make(pgtype.FlatArray[string], n), make(pgtype.FlatArray[string], n)
	partitions, numbers, offsets := make(pgtype.FlatArray[int32], n), make(pgtype.FlatArray[int64], n),
		make(pgtype.FlatArray[int64], n)
	for i, rec := range records {
		ids[i], topics[i], partitions[i], numbers[i], offsets[i] = rec.ID, rec.Topic, int32(rec.Partition), rec.Sequence, rec.Offset
	}
	return database.Later(tx, database.Statement{Name: "leave parked events", SQL: `INSERT INTO replay_left
		SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::bigint[]) ON CONFLICT DO NOTHING`,
		Args: []any{ids, topics, partitions, numbers, offsets}})
}

// released projects the events that were parked and that the service has applied since, before any later event.
func (f *filling) released(ctx context.Context) error {
	rows, err := f.s.db.Pool().QueryContext(ctx,
		`SELECT id, topic, partition, sequence, at_offset FROM replay_left ORDER BY topic, partition, sequence`)
	if err != nil {
		return environment(err)
	}
	defer rows.Close()
	var found []kafka.Record
	for rows.Next() {
		var rec kafka.Record
		if err := rows.Scan(&rec.ID, &rec.Topic, &rec.Partition, &rec.Sequence, &rec.Offset); err != nil {
			return environment(err)
		}
		if _, left := f.left[rec.ID]; !left {
			found = append(found, rec)
		}
	}
	if err := rows.Err(); err != nil {
		return environment(err)
	}
	for _, was := range found {
		if err := f.release(ctx, was); err != nil {
			return err
		}
	}
	return nil
}

func (f *filling) release(ctx context.Context, was kafka.Record) error {
	at := stream{was.Topic, was.Partition, false}
	var c chunk
	err := f.s.r.read(ctx, at.topic, at.partition, mark{was.Sequence - 1, was.Offset}, was.Sequence, func(rec *kafka.Record) error {
		if rec.ID != was.ID {
			return service.Environment(
				"replay: %s/%d number %d is event %s, and was %s: the topic was replaced; begin again with --fresh",
				at.topic, at.partition, was.Sequence, rec.ID, was.ID)
		}
		return f.take(&c, at, rec)
	})
	if err != nil {
		return err
	}
	return environment(database.Transact(engine.Replaying(ctx), f.s.db, func(tx *gorm.DB) error {
		for _, b := range f.s.r.bindings {
			if err := f.fold(tx, b, c.events); err != nil {
				return err
			}
		}
		return tx.Exec(`DELETE FROM replay_left WHERE id = $1`, was.ID).Error
	}))
}
