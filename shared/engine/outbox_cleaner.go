package engine

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// pruneOutbox deletes, in one transaction, rows of the outbox that are on the topic and older than the retention by the
// database's clock: of a partition those with the lowest numbers, as far as upto and the checkpoint in engine.published
// reach, at most limit of them, and none beyond the first that is younger. The last deleted number is
// written to engine.published. 0 means that no row is due now.
//
// upto is the last number that the publisher has seen on the topic. The checkpoint, which lags behind, bounds it too:
// after a crash the next publisher reads the outbox from there on.
func pruneOutbox(ctx context.Context, db *gorm.DB, partition int, upto int64, retention time.Duration, limit int) (
	deleted int64, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		// The lock serialises processes. The search starts above the pruned numbers: below it would visit the dead entries
		// of the index, which stay until the next vacuum.
		var state struct{ Sequence, First int64 }
		err := tx.Raw(`SELECT p.sequence, coalesce((SELECT min(o.sequence) FROM engine.outbox o
				WHERE o.partition = p.partition AND o.sequence > p.pruned), 0) AS first
			FROM engine.published p WHERE p.partition = $1 FOR UPDATE`, partition).Scan(&state).Error
		last := min(upto, state.Sequence, state.First+int64(limit)-1)
		if err != nil || state.First == 0 || last < state.First {
			return err
		}
		var pruned int64
		err = tx.Raw(`WITH gone AS (
				DELETE FROM engine.outbox WHERE partition = $1 AND sequence >= $2 AND sequence <= $3 AND sequence < coalesce(
					(SELECT sequence FROM engine.outbox WHERE partition = $1 AND sequence >= $2 AND sequence <= $3
						AND at > now() - make_interval(secs => $4) ORDER BY sequence LIMIT 1), $3 + 1)
				RETURNING sequence)
			SELECT count(*), coalesce(max(sequence), 0) FROM gone`,
			partition, state.First, last, retention.Seconds()).Row().Scan(&deleted, &pruned)
		if err != nil || deleted == 0 {
			return err
		}
		return tx.Exec(`UPDATE engine.published SET pruned = $2 WHERE partition = $1`, partition, pruned).Error
	})
	if err != nil {
		return 0, fmt.Errorf("engine: prune the outbox of partition %d: %w", partition, err)
	}
	return deleted, nil
}

const (
	cleanEvery  = 10 * time.Second
	cleanAtOnce = 5000 // rows in one transaction
	cleanMost   = 20   // transactions in a row; then the other jobs run
)

// cleanOutbox deletes published rows of the partition that are older than the retention. Nothing is deleted while it is
// unknown which events the topic holds.
func (e *Engine) cleanOutbox(ctx context.Context, p *partition) error {
	for range cleanMost {
		upto, sure := p.publisher.held()
		if !sure {
			return nil
		}
		deleted, err := pruneOutbox(ctx, e.DB.Gorm(), p.partition, upto, e.OutboxRetention, cleanAtOnce)
		if err != nil || deleted < cleanAtOnce {
			return err
		}
	}
	return nil
}
