package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// chores are what nobody signals: deadlines falling due, redrives asked for, watermarks and checkpoints to be kept, and
// telling how far this process is.
func (e *Engine) chores(ctx context.Context) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	var found map[int]survey
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var err error
		if workers := e.owned(); n%2 == 0 {
			found, err = e.everySecond(ctx, workers)
		} else {
			err = e.deadlines(ctx, where(workers, found, func(s survey) bool { return s.Soon }))
		}
		if err != nil && ctx.Err() == nil {
			e.Log.Warn("chores", "err", err)
		}
	}
}

// everySecond asks the tables once for all, and does what they show to be due.
func (e *Engine) everySecond(ctx context.Context, workers []*worker) (map[int]survey, error) {
	standing := e.standing(workers)
	found, err := e.survey(ctx, workers)
	if err == nil {
		err = e.tell(ctx, standing, found)
	}
	errs := []error{err, e.publisher.checkpoint(ctx)}
	errs = append(errs,
		e.deadlines(ctx, where(workers, found, func(s survey) bool { return s.Due })),
		e.redrives(ctx, where(workers, found, func(s survey) bool { return s.Redrive })),
		e.calls.adopt(ctx, where(workers, found, func(s survey) bool { return s.Strays })))
	e.measure(workers, found)
	for _, w := range workers {
		w.wake()
	}
	return found, errors.Join(errs...)
}

func where(workers []*worker, found map[int]survey, is func(survey) bool) []*worker {
	return slices.DeleteFunc(slices.Clone(workers), func(w *worker) bool { return !is(found[w.partition]) })
}

// survey is what the tables say of one partition.
type survey struct {
	Partition    int
	Last         int64      // number given to an own event
	NextDeadline *time.Time // that is not off
	Due          bool       // it is past
	Soon         bool       // it will be before the next survey
	Moved        bool       // an operator moved some deadline
	Strays       bool       // others asked questions that nobody has begun
	Parked       int
	ParkedKeys   int
	Redrive      bool
}

// survey is one statement for all partitions, because an idle platform does nothing else. It names none of them, so that
// Postgres plans it once for all: the planning costs more than the rest.
func (e *Engine) survey(ctx context.Context, workers []*worker) (map[int]survey, error) {
	if len(workers) == 0 {
		return map[int]survey{}, nil
	}
	var rows []survey
	err := e.DB.Gorm().WithContext(ctx).Raw(`
		SELECT c.partition, c.sequence AS last, nullif(d.due_at, 'infinity') AS next_deadline,
		       coalesce(d.due_at <= now(), false) AS due,
		       coalesce(d.due_at <= now() + interval '1 second', false) AS soon, k.parked, k.parked_keys, k.redrive,
		       EXISTS (SELECT FROM engine.deadline m WHERE m.partition = c.partition AND m.moved_at IS NOT NULL) AS moved,
		       EXISTS (SELECT FROM engine.call q WHERE q.partition = c.partition AND q.stray) AS strays
		FROM engine.counter c
		LEFT JOIN LATERAL (SELECT due_at FROM engine.deadline f WHERE f.partition = c.partition ORDER BY due_at LIMIT 1) d ON true,
		LATERAL (SELECT count(*) AS parked, count(DISTINCT key) AS parked_keys, coalesce(bool_or(redrive), false) AS redrive
		         FROM engine.parked p WHERE p.partition = c.partition) k`).Scan(&rows).Error
	if err != nil {
		return nil, err
	}
	found := make(map[int]survey, len(rows))
	for _, r := range rows {
		found[r.Partition] = r
	}
	return found, nil
}

func partitionsOf(workers []*worker) pgtype.FlatArray[int32] {
	return array(workers, func(w *worker) int32 { return int32(w.partition) })
}
