package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"slices"
	"time"

	"github.com/pressly/goose/v3"
)

// Migrate applies the SQL files in fsys (goose format, numbered names) that the database has not seen yet, in order,
// and returns how many. What was applied is noted in table, so several sets can share a database. Any number of
// processes may call it at once: one works, the others wait.
func Migrate(ctx context.Context, db *DB, fsys fs.FS, table string) (applied int, err error) {
	provider, err := migrations(db, fsys, table)
	if err != nil {
		return 0, err
	}
	// Asked without goose, which would create its table, outside its lock.
	seen, err := versions(ctx, db, table)
	if err != nil {
		return 0, err
	}
	missing := func(source *goose.Source) bool { return !slices.Contains(seen, source.Version) }
	if !slices.ContainsFunc(provider.ListSources(), missing) {
		return 0, nil
	}
	results, err := provider.Up(ctx)
	var partial *goose.PartialError
	if errors.As(err, &partial) {
		return len(partial.Applied), fmt.Errorf("database: migration %s: %w", partial.Failed.Source.Path, partial.Err)
	}
	if err != nil {
		return 0, fmt.Errorf("database: migrate: %w", err)
	}
	return len(results), nil
}

// Version is the number of the newest migration noted in table, 0 if none.
func Version(ctx context.Context, db *DB, table string) (int64, error) {
	seen, err := versions(ctx, db, table)
	return slices.Max(append(seen, 0)), err
}

func versions(ctx context.Context, db *DB, table string) (seen []int64, err error) {
	var known bool
	err = db.pool.QueryRowContext(ctx, "SELECT to_regclass($1) IS NOT NULL", quote(table)).Scan(&known)
	if err == nil && known {
		err = db.gorm.WithContext(ctx).Raw("SELECT version_id FROM " + quote(table) + " WHERE is_applied").Scan(&seen).Error
	}
	if err != nil {
		return nil, fmt.Errorf("database: read %s: %w", table, err)
	}
	return seen, nil
}

func migrations(db *DB, fsys fs.FS, table string) (*goose.Provider, error) {
	provider, err := goose.NewProvider(goose.DialectPostgres, db.pool, fsys,
		goose.WithTableName(table),
		goose.WithDisableGlobalRegistry(true),
		goose.WithSessionLocker(sessionLock(lockKey("migrate "+table))),
	)
	if err != nil {
		return nil, fmt.Errorf("database: migrations for %s: %w", table, err)
	}
	return provider, nil
}

func lockKey(name string) int64 {
	h := fnv.New64a()
	h.Write([]byte("orderflow " + name))
	return int64(h.Sum64())
}

// sessionLock is goose's lock. It asks again and again instead of waiting inside the server, because a session that
// waits there holds a snapshot, and CREATE INDEX CONCURRENTLY in the other process would wait for that one.
type sessionLock int64

func (key sessionLock) SessionLock(ctx context.Context, conn *sql.Conn) error {
	for {
		var got bool
		if err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", int64(key)).Scan(&got); err != nil || got {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (key sessionLock) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", int64(key))
	return err
}
