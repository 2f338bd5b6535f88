package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/kafka"
)

// What refills lost topics: the same publishers that publish what is decided.

// StartPublishing does of Start only what brings committed events to the topic: it takes the partitions that no process of
// the service has, compares their topic with the outbox, and publishes what is missing. Nothing is heard, decided, asked or
// fired. It is for engines without bindings, while the service does not run; Stop ends it.
func (e *Engine) StartPublishing(ctx context.Context) error {
	if err := e.clock.read(ctx, e.DB); err != nil {
		return fmt.Errorf("engine %s: read the database's clock: %w", e.Service, err)
	}
	e.publishing = true
	run, cancel := context.WithCancel(context.Background())
	e.cancel = cancel
	e.done.Go(func() { e.lease.run(run) })
	e.done.Go(func() {
		for sleep(run, time.Second) {
			if err := e.checkpoint(run, e.running.all()); err != nil && run.Err() == nil {
				e.Log.Warn("checkpoint failed; it is tried again", "err", err)
			}
		}
	})
	return nil
}

// PublishAgain has the publisher of a partition compare its topic from this number on with the outbox; false where the
// partition is not owned here.
func (e *Engine) PublishAgain(partition int, number int64) bool {
	p := e.running.of(partition)
	if p != nil {
		p.publisher.repair(number)
	}
	return p != nil
}

// RequestRepair asks the process that publishes a partition to do what PublishAgain does. Nobody answers: it is to be asked
// again until it is seen on the topic.
func RequestRepair(ctx context.Context, c *kafka.Client, topic string, partition int, number int64) error {
	return request(ctx, c.NewProducer(), repairRequested, "/operators", fmt.Sprintf("%s/%d", topic, partition), time.Now(),
		repair{Topic: topic, Partition: partition, Sequence: number})
}

// Runs tells whether a process of the service works on the database.
func Runs(ctx context.Context, db *database.DB) (yes bool, err error) {
	err = db.Gorm().WithContext(ctx).Raw(`SELECT EXISTS (SELECT FROM engine.member
		WHERE heartbeat > now() - interval '5 seconds' AND pid IN (SELECT pid FROM pg_stat_activity))`).Row().Scan(&yes)
	return yes, err
}

// FillPruned puts the own events of one partition that were pruned back into the outbox, so that they can be published again:
// those before the lowest number that it holds, from the given one on. each passes them on in the order of their numbers. All
// of them are there when it returns nil, and none where it does not: a publisher that finds some would wait for the others.
// Once published they are pruned again, as all are.
func FillPruned(ctx context.Context, db *database.DB, partition int, from int64,
	each func(upto int64, pass func([]kafka.Record) error) error) error {
	return database.Transact(ctx, db, func(tx *gorm.DB) error {
		// What is filled in may be slow to come.
		if err := tx.Exec(`SET LOCAL idle_in_transaction_session_timeout = '5min'`).Error; err != nil {
			return err
		}
		// The lock keeps the cleaner out. The topic holds nothing from here on: nothing may be pruned before it was published.
		err := tx.Exec(`UPDATE engine.published SET sequence = least(sequence, $2::bigint - 1), next_offset = 0,
			pruned = least(pruned, $2::bigint - 1) WHERE partition = $1`, partition, from).Error
		if err != nil {
			return err
		}
		var ends struct{ Lowest, Last int64 }
		err = tx.Raw(`SELECT c.sequence AS last, coalesce((SELECT min(o.sequence) FROM engine.outbox o
			WHERE o.partition = c.partition AND o.sequence >= $2), c.sequence + 1) AS lowest
			FROM engine.counter c WHERE c.partition = $1`, partition, from).Scan(&ends).Error
		if err != nil {
			return err
		}
		next := from
		err = each(ends.Lowest-1, func(records []kafka.Record) error {
			for i := range records {
				if records[i].Sequence != next || records[i].Partition != partition {
					return fmt.Errorf("engine: number %d of partition %d is to be filled in, and %d comes", next, partition, records[i].Sequence)
				}
				next++
			}
			return FillOutbox(tx, records)
		})
		if err == nil && next != ends.Lowest {
			err = fmt.Errorf("engine: numbers %d to %d of partition %d are not there to be filled in", next, ends.Lowest-1, partition)
		}
		return err
	})
}

var errBehind = errors.New("the topic goes further than the database: start the service, which brings it level")
