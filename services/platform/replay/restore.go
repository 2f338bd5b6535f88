package replay

import (
	"bytes"
	"context"
	"errors"

	"gorm.io/gorm"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
)

// Restored counts what was restored, beside the states, in a database that was behind its topic.
type Restored struct {
	Events    int64 `json:"events"`    // that were on the topic and not in the database
	Questions int   `json:"questions"` // open calls: they are repeated under their ids, beginning with an inquiry
	Deadlines int   `json:"deadlines"`
	Keys      int   `json:"keys"` // idempotency keys: the requests are recognised when they are sent again
}

// lost is a database that is behind its topic: it is new, or a restored backup.
type lost struct {
	Restored
	r      *Replay
	before map[int]int64 // by partition: the last number in the database
	held   map[int]engine.Held
}

// outboxGaps finds, by partition, the number after which events are missing in the outbox that the service has numbered and not
// pruned. A service that was started on a backup continues its numbers above its topic, and leaves such a gap.
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

// filledAtOnce is the number of events per INSERT into the outbox.
const filledAtOnce = 2000

// restore reads the service's own topic once more, for open calls, deadlines and the outbox, and brings the engine's tables to
// its end. Decisions are held meanwhile.
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
