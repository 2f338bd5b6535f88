package idempotency

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"gorm.io/gorm"
)

const (
	expireEvery  = time.Minute
	expireAtOnce = 1000 // keys in one statement, so that no request waits long for a key that is being deleted
)

// StartExpiry deletes all expired idempotency keys, every minute, until it is stopped. Several processes of the service
// may run it.
func StartExpiry(db *gorm.DB, log *slog.Logger) (stop func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(expireEvery)
		defer tick.Stop()
		for {
			if err := expire(ctx, db); err != nil && ctx.Err() == nil {
				log.Warn("could not delete expired idempotency keys; trying again", "in", expireEvery, "err", err)
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	return func(limit context.Context) error {
		cancel()
		select {
		case <-ended:
			return nil
		case <-limit.Done():
			return limit.Err()
		}
	}
}

// expire deletes all expired keys except those that another process is deleting or taking anew.
func expire(ctx context.Context, db *gorm.DB) error {
	for {
		done := db.WithContext(ctx).Exec(`DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(
			SELECT ctid FROM idempotency_keys WHERE created_at < now() - interval '7 days'
			ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED))`, expireAtOnce)
		if done.Error != nil {
			return fmt.Errorf("idempotency: delete expired idempotency keys: %w", done.Error)
		}
		if done.RowsAffected < expireAtOnce {
			return nil
		}
	}
}
