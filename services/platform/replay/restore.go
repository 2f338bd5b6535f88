package replay

import (
	"bytes"
	"context"
	"errors"

	"gorm.io/gorm"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
)

// Restored is what a database got back that was behind its topic, beside the states.
type Restored struct {
	Events    int64 `json:"events"`    // on the topic that the database did not know
	Questions int   `json:"questions"` // open ones: they are asked again under their ids, beginning with an inquiry
	Deadlines int   `json:"deadlines"`
	Keys      int   `json:"keys"` // requests that are known again by their Idempotency-Key, when they are sent again
}

// lost is a database that its topic goes beyond: it is new, or a backup.
type lost struct {
	Restored
	r      *Replay
	before map[int]int64 // by partition: the last number that the database knows
	held   map[int]engine.Held
}

// outboxGaps finds, by partition, after which number the outbox lacks events that the service has numbered and not deleted
// past their retention. A service that was started on a backup numbers on above its topic, and leaves such a gap.
func (r *Replay) outboxGaps(ctx context.Context) (map[int]int64, error) {
	rows, err := r.live.Pool().QueryContext(ctx, `
		SELECT c.partition, least(f.known, c.sequence) FROM engine.counter c JOIN engine.published p USING (partition), LATERAL (
			SELECT min(known) AS known FROM (
				SELECT sequence AS known, lead(sequence, 1, c.sequence + 1) OVER (ORDER BY sequence) AS next
				FROM (SELECT p.pruned AS sequence UNION ALL SELECT sequence FROM engine.outbox o
					WHERE o.partition = c.partition AND o.sequence > p.pruned) s
			) g WHERE next > known + 1) f
		WHERE f.known < c.sequence`)
	if err != nil {
		return nil, environment(err)
	}
	defer rows.Close()
	gaps := map[int]int64{}
	for rows.Next() {
		var partition int
		var known int64
		if err := rows.Scan(&partition, &known); err != nil {
			return nil, environment(err)
		}
		gaps[partition] = known
	}
	return gaps, environment(rows.Err())
}

// filledAtOnce is how many events go into the outbox in one statement.
const filledAtOnce = 2000

// restore reads the service's own topic once more, for what is open and for the outbox, and brings the engine's tables level.
// Nobody decides meanwhile.
func (l *lost) restore(ctx context.Context, tx *gorm.DB) error {
	work := engine.NewOpenWork(l.r.App.Bindings)
	keys, err := newKeys(tx)
	if err != nil {
		return err
	}
	for p := range l.r.Partitions {
		var beyond []kafka.Record
		fill := func(atLeast int) error {
			if len(beyond) < atLeast {
				return nil
			}
			l.Events += int64(len(beyond))
			err := errors.Join(engine.FillOutbox(tx, beyond), keys.restore(tx, beyond))
			beyond = beyond[:0]
			return err
		}
		err := l.r.read(ctx, l.r.App.Topic(), p, mark{}, l.held[p].Sequence, func(rec *kafka.Record) error {
			e := engine.EventOf(rec)
			if work.Reads(rec.Type) {
				var err error
				if e, err = l.r.event(rec); err != nil {
					return err
				}
			}
			work.Add(e, rec.Data)
			if rec.Sequence > l.before[p] {
				kept := *rec
				kept.Data = bytes.Clone(rec.Data)
				beyond = append(beyond, kept)
			}
			return fill(filledAtOnce)
		})
		if err == nil {
			err = fill(1)
		}
		if err != nil {
			return err
		}
	}
	l.Questions, l.Deadlines = work.Counts()
	l.Keys = keys.restored
	return engine.Restore(tx, engine.Restored{Service: l.r.App.Name, Bindings: l.r.App.Bindings, Partitions: l.r.Partitions,
		Held: l.held, Work: work})
}
