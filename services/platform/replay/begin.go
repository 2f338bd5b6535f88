package replay

import (
	"context"
	"database/sql"

	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

// begin fills the tables with the rows of a snapshot and stores its position.
func (s *shadow) begin(ctx context.Context) error {
	s.r.Progress.Stage("restoring the snapshot", 0)
	conn, err := s.db.Pool().Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := restoreInto(ctx, conn, s); err != nil {
		return err
	}
	at := s.r.Snapshot.Position
	to := map[stream]mark{}
	for p, last := range at.Own {
		to[stream{s.r.App.Topic(), p, true}] = mark{sequence: last}
	}
	var parked []kafka.Record
	for _, topic := range s.r.inputs() {
		for p, m := range at.Inputs[topic] {
			to[stream{topic, p, false}] = mark{m.Sequence, m.Offset}
			found, err := s.parked(ctx, topic, p, m)
			if err != nil {
				return err
			}
			parked = append(parked, found...)
		}
	}
	return database.Transact(ctx, s.db, func(tx *gorm.DB) error {
		if err := leave(tx, parked); err != nil {
			return err
		}
		return note(tx, to)
	})
}

func restoreInto(ctx context.Context, conn *sql.Conn, s *shadow) error {
	return conn.Raw(func(driver any) error { return s.r.Snapshot.Restore(ctx, driver.(*stdlib.Conn).Conn(), s.schema) })
}

// parked finds the events that were parked when the snapshot was taken: its rows do not reflect them.
func (s *shadow) parked(ctx context.Context, topic string, partition int, m engine.Mark) (found []kafka.Record, err error) {
	left := s.r.Snapshot.Position.Left
	if len(left) == 0 {
		return nil, nil
	}
	err = s.r.read(ctx, topic, partition, mark{}, m.Sequence, func(rec *kafka.Record) error {
		if _, was := left[rec.ID]; was {
			found = append(found, *rec)
		}
		return nil
	})
	if err != nil {
		err = service.Environment("replay: events were parked when the snapshot was taken, and must be found on their topic: %w", err)
	}
	return found, err
}
