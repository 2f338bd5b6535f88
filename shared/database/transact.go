package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
)

// ErrCommitUnknown means that the connection was lost while committing: the transaction may or may not have been
// committed. Check in the database (a watermark, a unique key) before a retry.
var ErrCommitUnknown = errors.New("database: the outcome of the commit is unknown")

// Transact runs fn in one transaction and commits when fn returns nil. Any other error, of fn or of Transact, means that
// the transaction was rolled back, except one that is ErrCommitUnknown. An error or a panic of fn rolls back and is
// returned unchanged.
func Transact(ctx context.Context, db *DB, fn func(tx *gorm.DB) error) error {
	tx := db.gorm.WithContext(ctx).Begin()
	if tx.Error != nil {
		return fmt.Errorf("database: begin: %w", tx.Error)
	}
	open := true
	defer func() {
		if open {
			tx.Rollback()
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	open = false
	// The transaction itself is used, because gorm's Commit keeps an earlier error of the handle.
	return commitError(tx.Statement.ConnPool.(gorm.TxCommitter).Commit())
}

func commitError(err error) error {
	switch {
	case err == nil:
		return nil
	case rolledBack(err):
		return fmt.Errorf("database: commit: rolled back: %w", err)
	}
	return fmt.Errorf("%w: %w", ErrCommitUnknown, err)
}

// rolledBack tells whether the error proves that the commit did not happen: it was not sent, or the server refused it and
// kept the session. A session ended by the server proves nothing, as it may end while waiting for a replica.
func rolledBack(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return !ended(pg)
	}
	// database/sql returns these two unwrapped when the context ended before COMMIT was sent.
	if err == context.Canceled || err == context.DeadlineExceeded {
		return true
	}
	// pgx 5.11 reports an answer lost after sending as "conn closed" and safe to retry, which it is not.
	unsent := pgconn.SafeToRetry(err) && !errors.Is(err, pgconn.ErrConnClosed)
	return unsent || errors.Is(err, sql.ErrTxDone) || errors.Is(err, pgx.ErrTxCommitRollback)
}
