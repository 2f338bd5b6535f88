package parked

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"
)

// Stop begins no further saga; those that were begun are finished.
func (all Services) Stop(ctx context.Context, id string) (Redrive, error) {
	r, err := all.Get(ctx, id)
	if err != nil {
		return r, err
	}
	changed := false
	for _, s := range all {
		q := s.db(ctx).Exec(`UPDATE engine.redrive SET state = 'stopped', ended_at = now() WHERE id = $1
			AND state IN ('running', 'paused')`, id)
		if q.Error != nil {
			return r, q.Error
		}
		changed = changed || q.RowsAffected > 0
	}
	if !changed {
		return r, refuse(Conflict, "redrive-ended", "the redrive does not run any more: it is %s", r.State)
	}
	return all.Get(ctx, id)
}

// Continue goes on with what was not released yet: after failures with those first, and from the first step's size up
// again; after a pause with the next step.
func (all Services) Continue(ctx context.Context, id string) (Redrive, error) {
	r, err := all.Get(ctx, id)
	switch {
	case err != nil:
		return r, err
	case r.State == StateDone:
		return r, refuse(Conflict, "redrive-done", "the redrive is done: there is nothing to go on with")
	case r.State == StateRunning:
		return r, refuse(Conflict, "redrive-running", "the redrive is running")
	}
	for _, s := range all {
		if err := s.resume(ctx, id); err != nil {
			return r, s.running(ctx, err)
		}
	}
	return all.Get(ctx, id)
}

func (s Service) resume(ctx context.Context, id string) error {
	return s.db(ctx).Transaction(func(tx *gorm.DB) error {
		var rows []plan
		err := tx.Raw(`SELECT r.*, now() AS now, to_json(r.steps)::text AS sizes FROM engine.redrive r WHERE r.id = $1
			AND r.state IN ('paused', 'stopped', 'failed') FOR UPDATE`, id).Scan(&rows).Error
		if err != nil || len(rows) == 0 {
			return err
		}
		r := rows[0]
		if r.Failed > 0 && r.State != StatePaused {
			if err := r.again(tx); err != nil {
				return err
			}
		} else if r.State == StatePaused {
			err := tx.Exec(`UPDATE engine.redrive SET step = coalesce((SELECT min(step) FROM engine.redrive_item
				WHERE redrive = $1 AND state = 'waiting'), step) WHERE id = $1`, r.ID).Error
			if err != nil {
				return err
			}
		}
		return tx.Exec(`UPDATE engine.redrive SET state = 'running', ended_at = NULL,
			paced_at = now() - make_interval(secs => 1 / per_second) WHERE id = $1`, r.ID).Error
	})
}

// again gives what failed another turn before all that still waits, in steps that begin small again.
func (r plan) again(tx *gorm.DB) error {
	var ordinals []int32
	err := tx.Raw(`SELECT ordinal FROM engine.redrive_item WHERE redrive = $1
		AND (state = 'waiting' OR state = 'failed' AND NOT retried)
		ORDER BY state = 'waiting', ordinal`, r.ID).Scan(&ordinals).Error
	if err != nil {
		return err
	}
	var last, step int
	if err := tx.Raw(`SELECT max(ordinal), max(step) FILTER (WHERE state <> 'waiting') FROM engine.redrive_item
		WHERE redrive = $1`, r.ID).Row().Scan(&last, &step); err != nil {
		return err
	}
	next := make(pgtype.FlatArray[int32], len(ordinals))
	for i := range next {
		next[i] = int32(last + 1 + i)
	}
	var sizes []int
	if err := json.Unmarshal([]byte(r.Sizes), &sizes); err != nil {
		return err
	}
	turn := pgtype.FlatArray[int32](turns(sizes, len(ordinals), step+1))
	old := pgtype.FlatArray[int32](ordinals)
	// A key whose first row was released, and whose second failed, has another head now.
	err = tx.Exec(`INSERT INTO engine.redrive_item (redrive, ordinal, step, number, partition, key, form, event, saga, reason_was)
		SELECT i.redrive, t.next, t.step, coalesce((SELECT min(p.number) FROM engine.parked p WHERE `+ofItem+`), i.number),
		       i.partition, i.key, i.form, i.event, i.saga, i.reason_now
		FROM unnest($2::int[], $3::int[], $4::int[]) t(ordinal, next, step)
		JOIN engine.redrive_item i ON i.redrive = $1 AND i.ordinal = t.ordinal WHERE i.state = 'failed'`, r.ID, old, next, turn).Error
	if err != nil {
		return err
	}
	err = tx.Exec(`UPDATE engine.redrive_item i SET retried = true WHERE i.redrive = $1 AND i.state = 'failed' AND NOT i.retried`,
		r.ID).Error
	if err != nil {
		return err
	}
	err = tx.Exec(`UPDATE engine.redrive_item i SET ordinal = t.next, step = t.step
		FROM unnest($2::int[], $3::int[], $4::int[]) t(ordinal, next, step)
		WHERE i.redrive = $1 AND i.ordinal = t.ordinal AND i.state = 'waiting'`, r.ID, old, next, turn).Error
	if err != nil {
		return err
	}
	return tx.Exec(`UPDATE engine.redrive SET failed = 0 WHERE id = $1`, r.ID).Error
}
