package parked

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"
)

// Started is the answer to a Request.
type Started struct {
	ID     string    `json:"id,omitempty"` // of the redrive; a dry run has none
	Total  int       `json:"total"`        // sagas in the frozen set
	Later  int       `json:"later"`        // sagas parked since, which are not in it
	AsOf   time.Time `json:"as_of"`
	Events int64     `json:"events,omitempty"` // of a dry run: with what waits behind
	Items  []Item    `json:"items,omitempty"`  // of a dry run: the first of the set
	Known  bool      `json:"-"`                // the same request was made before; this is the answer to it
}

// Redrive freezes the set that the request names and has it processed again by the owners, step by step. It returns once
// that is written down. Where several services have parked something of it, each goes through its steps by itself, under
// one id. The error is a *Refusal where the request cannot be carried out.
func (all Services) Redrive(ctx context.Context, r Request, o Origin) (Started, error) {
	r, err := r.complete()
	if err != nil {
		return Started{}, err
	}
	chosen, err := all.named(r.Service)
	if err != nil {
		return Started{}, err
	}
	answer, missing, err := chosen.known(ctx, o)
	if err != nil || answer.Known && (r.Group != "" || len(missing) == 0) {
		return answer, err
	}
	if !answer.Known {
		var sets []set
		if answer, sets, err = chosen.preview(ctx, r); err != nil || r.DryRun {
			return answer, err
		}
		if err := chosen.ready(ctx, r, sets); err != nil {
			return Started{}, err
		}
		missing = nil
		for i, s := range chosen {
			if r.Group == "" || len(sets[i].numbers) > 0 {
				missing = append(missing, s)
			}
		}
		id, err := uuid.NewV7()
		if err != nil {
			return Started{}, err
		}
		answer = Started{ID: id.String(), AsOf: answer.AsOf}
		r.AsOf = &answer.AsOf
	}
	for _, s := range missing {
		total, later, err := s.freeze(ctx, answer.ID, r, o)
		if err != nil {
			_, _ = all.Stop(context.WithoutCancel(ctx), answer.ID) // what was begun elsewhere meanwhile
			return Started{}, s.running(ctx, err)
		}
		answer.Total, answer.Later = answer.Total+total, answer.Later+later
	}
	return answer, nil
}

// keepRedrives is how long one that has ended can be looked at.
const keepRedrives = `interval '90 days'`

// freeze writes a redrive of one service down, with its set.
func (s Service) freeze(ctx context.Context, id string, r Request, o Origin) (total, later int, err error) {
	err = s.db(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec(`DELETE FROM engine.redrive WHERE ended_at < now() - ` + keepRedrives).Error; err != nil {
			return err
		}
		c, err := s.choose(tx, r)
		if err != nil {
			return err
		}
		steps := make(pgtype.FlatArray[int32], len(r.Steps))
		for i, step := range r.Steps {
			steps[i] = int32(step)
		}
		err = tx.Exec(`INSERT INTO engine.redrive (id, idempotency_key, request, selection, requested_by, reason, as_of, steps,
				per_second, ask, stop_on_failure, state, paced_at, total, later)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8::int[], $9, $10, $11, 'running',
				now() - make_interval(secs => 1 / $9::float8), 0, $12)`,
			id, o.Key, o.Digest, r.words(), o.By, r.Reason, c.asOf, steps, *r.PerSecond, r.Pause == "ask", *r.StopOnFailure, c.later).Error
		if err != nil {
			return err
		}
		q := tx.Exec(`INSERT INTO engine.redrive_item (redrive, ordinal, step, number, partition, key, form, event, saga, reason_was)
			SELECT $1, t.ordinal, t.step, p.number, p.partition, p.key, p.form, p.id, p.saga, p.reason
			FROM unnest($2::bigint[], $3::int[]) WITH ORDINALITY t(number, step, ordinal) JOIN engine.parked p ON p.number = t.number`,
			id, pgtype.FlatArray[int64](c.numbers), pgtype.FlatArray[int32](turns(r.Steps, len(c.numbers), 1)))
		if q.Error != nil {
			return q.Error
		}
		total, later = int(q.RowsAffected), c.later
		return tx.Exec(`UPDATE engine.redrive SET total = $2, state = CASE WHEN $2 = 0 THEN 'done' ELSE state END,
			ended_at = CASE WHEN $2 = 0 THEN now() END WHERE id = $1`, id, total).Error
	})
	return total, later, err
}
