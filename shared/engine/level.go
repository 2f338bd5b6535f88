package engine

import (
	"bytes"
	"context"
	"fmt"

	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// levelAtOnce is how many lost events are brought back in one transaction.
const levelAtOnce = 1000

// level brings a database that lost its last commits, as a standby that was behind or a backup, forward to its topic: the
// events after the counter are folded into the states, what they ask, answer, arm and settle is done to calls and deadlines,
// and they are in the outbox again. Inputs that they follow from are heard again, and were decided then. Nothing is decided on
// the older states meanwhile.
func (q *partitionPublisher) level(ctx context.Context, start, stop, counter, upto int64) error {
	if q.e.publishing {
		return errBehind
	}
	q.levelling.Store(true)
	q.e.Log.Error(
		"the database lost its last commits: its topic goes further than its numbers. They are brought back from the topic. "+
			"Give Postgres synchronous replication", "topic", q.e.topic(), "partition", q.partition, "database_has",
		counter, "topic_has", upto)
	q.e.metrics.alarm(alarmDatabaseBehind)
	var lost []kafka.Record
	var failed error
	flush := func() {
		if failed == nil && len(lost) > 0 {
			failed = q.bringBack(ctx, counter, lost)
			counter, lost = lost[len(lost)-1].Sequence, lost[:0]
		}
	}
	err := q.read(ctx, start, stop, func(records []kafka.Record, _ map[int64]string) {
		for i := range records {
			rec := &records[i]
			if rec.Source != q.e.source() || rec.Sequence != counter+int64(len(lost))+1 || rec.Sequence > upto {
				continue
			}
			kept := *rec
			kept.Data = bytes.Clone(rec.Data)
			if lost = append(lost, kept); len(lost) == levelAtOnce {
				flush()
			}
		}
	})
	if flush(); err == nil {
		err = failed
	}
	if err == nil && counter < upto {
		err = fmt.Errorf("the topic does not hold number %d any more", counter+1)
	}
	if err != nil {
		return fmt.Errorf("bring the database level with %s/%d: %w; or run `orderflow replay %s --apply`", q.e.topic(),
			q.partition, err, q.e.Service)
	}
	q.levelled.Store(true)
	return nil
}

// lookAhead sees by its last record whether the topic goes further than the counter, before all of it is read: however long
// that takes, the partition must not begin meanwhile. The comparison ends it.
func (q *partitionPublisher) lookAhead(ctx context.Context, start, stop, counter int64) error {
	if q.e.publishing {
		return nil // it decides nothing, and level refuses
	}
	return q.read(ctx, max(start, stop-1), stop, func(records []kafka.Record, _ map[int64]string) {
		if last := &records[len(records)-1]; last.Source == q.e.source() && last.Sequence > counter {
			q.levelling.Store(true)
		}
	})
}

// bringBack does to the database, in one transaction, what the batches did that it lost.
func (q *partitionPublisher) bringBack(ctx context.Context, counter int64, lost []kafka.Record) error {
	events := make([]saga.Event, len(lost))
	work := NewOpenWork(q.e.Bindings)
	for i := range lost {
		events[i] = EventOf(&lost[i])
		kind := q.e.kind(events[i].Type)
		err := lost[i].Malformed
		if err == nil && kind == nil {
			err = fmt.Errorf("%s is not known to this build", events[i].Type)
		}
		if err == nil {
			events[i].Data, err = kind.Decode(lost[i].Data)
		}
		if err != nil {
			return fmt.Errorf("number %d cannot be read: %w", lost[i].Sequence, err)
		}
		work.Add(events[i], lost[i].Data)
		events[i].Type = kind.Name()
	}
	return database.Transact(ctx, q.e.DB, func(tx *gorm.DB) error {
		if err := tx.Exec(`SELECT pg_advisory_xact_lock($1, $2)`, partitionClass, q.partition).Error; err != nil {
			return err
		}
		moved := tx.Exec(`UPDATE engine.counter SET sequence = $3 WHERE partition = $1 AND sequence = $2`, q.partition, counter,
			lost[len(lost)-1].Sequence)
		if moved.Error == nil && moved.RowsAffected == 0 {
			moved.Error = fmt.Errorf("numbers were given meanwhile")
		}
		if moved.Error != nil {
			return moved.Error
		}
		for _, b := range q.e.Bindings {
			if err := refold(tx, b, events); err != nil {
				return err
			}
		}
		if err := work.redo(tx, q.e); err != nil {
			return err
		}
		// Also those that were open before: what was lost may be of a try at one of them.
		if err := tx.Exec(`UPDATE engine.call SET restored = true WHERE partition = $1`, q.partition).Error; err != nil {
			return err
		}
		return FillOutbox(tx, lost)
	})
}

// refold folds own events into the states of one machine.
func refold(tx *gorm.DB, b Binding, events []saga.Event) error {
	says := map[string]bool{}
	for _, name := range b.Machine.Says() {
		says[name] = true
	}
	var mine []saga.Event
	for _, e := range events {
		if says[e.Type] {
			mine = append(mine, e)
		}
	}
	if len(mine) == 0 {
		return nil
	}
	set, err := b.Store.Load(tx, mine)
	if err != nil {
		return err
	}
	for _, e := range mine {
		if state, kept := b.Machine.Fold(set.Get(e), e); kept {
			set.Put(e, state)
		}
	}
	return set.Save(tx)
}
