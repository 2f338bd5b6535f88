package engine

import (
	"context"
	"time"
)

// survey is the state of one partition by the tables.
type survey struct {
	Partition    int
	Last         int64      // number given to an own event
	Unpublished  float64    // age in seconds of the oldest own event not known to be on the topic
	NextDeadline *time.Time // that is not cancelled
	Due          bool       // it is past
	Soon         bool       // it will be before the next survey
	Moved        bool       // an operator moved some deadline
	Calls        int        // that are due, counted up to a limit
	Retried      bool       // some call waits for its next try
	Parked       int
	ParkedKeys   int
	Redrive      bool
}

// survey is one statement for all partitions: it is most of the work of an idle platform. It has no partition among its
// parameters, so that Postgres plans it once: planning costs more than execution.
func (e *Engine) survey(ctx context.Context) (map[int]survey, error) {
	var rows []survey
	err := e.DB.Gorm().WithContext(ctx).Raw(`
		SELECT c.partition, c.sequence AS last, coalesce(extract(epoch FROM now() - o.at), 0) AS unpublished,
		       nullif(d.due_at, 'infinity') AS next_deadline,
		       coalesce(d.due_at <= now(), false) AS due,
		       coalesce(d.due_at <= now() + interval '1 second', false) AS soon, k.parked, k.parked_keys, k.redrive,
		       EXISTS (SELECT FROM engine.deadline m WHERE m.partition = c.partition AND m.moved_at IS NOT NULL) AS moved,
		       EXISTS (SELECT FROM engine.call q WHERE q.partition = c.partition AND q.try > 0) AS retried,
		       (SELECT count(*) FROM (SELECT FROM engine.call q
		                              WHERE q.partition = c.partition AND q.next_try_at <= now() LIMIT $1) q) AS calls
		FROM engine.counter c
		LEFT JOIN engine.published p USING (partition)
		LEFT JOIN LATERAL (SELECT at FROM engine.outbox o WHERE o.partition = c.partition AND o.sequence > p.sequence
		                   ORDER BY o.sequence LIMIT 1) o ON true
		LEFT JOIN LATERAL (SELECT due_at FROM engine.deadline f WHERE f.partition = c.partition ORDER BY due_at LIMIT 1) d ON true,
		LATERAL (SELECT count(*) AS parked, count(DISTINCT key) AS parked_keys, coalesce(bool_or(redrive), false) AS redrive
		         FROM engine.parked p WHERE p.partition = c.partition) k`, countedCalls).Scan(&rows).Error
	if err != nil {
		return nil, err
	}
	found := make(map[int]survey, len(rows))
	parked := 0
	for _, r := range rows {
		found[r.Partition] = r
		parked += r.Parked
	}
	e.parkedRows.Store(int64(parked))
	return found, nil
}
