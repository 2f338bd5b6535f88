package database

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"slices"
	"time"

	"github.com/pressly/goose/v3"
)

// Migrate applies the SQL files in fsys (goose format, numbered names) that the database has not applied yet, in order,
// and returns their number. Applied migrations are recorded in table, so several sets can share a database. Any number of
// processes may call it at once: one migrates, the others wait.
func Migrate(ctx context.Context, db *DB, fsys fs.FS, table string) (applied int, err error) {
	provider, err := goose.NewProvider(goose.DialectPostgres, db.pool, fsys,
		goose.WithTableName(table), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return 0, fmt.Errorf("database: migrations for %s: %w", table, err)
	}
	if pending, err := pending(ctx, db, provider, table); err != nil || !pending {
		return 0, err
	}
	conn, err := db.pool.Conn(ctx)
	if err != nil {
		return 0, fmt.Errorf("database: migrate %s: %w", table, err)
	}
	defer conn.Close()
	key := lockKey("migrate " + table)
	err = acquire(ctx, func() (got bool, err error) {
		err = conn.QueryRowContext(ctx, tryLock, key).Scan(&got)
		return got, err
	})
	if err != nil {
		return 0, fmt.Errorf("database: wait for other migrations of %s: %w", table, err)
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", key)
	if pending, err := pending(ctx, db, provider, table); err != nil || !pending {
		return 0, err
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

// pending does not use goose, which would create its table, outside any lock, and wait a second on a conflict.
func pending(ctx context.Context, db *DB, provider *goose.Provider, table string) (bool, error) {
	seen, err := versions(ctx, db, table)
	missing := func(source *goose.Source) bool { return !slices.Contains(seen, source.Version) }
	return slices.ContainsFunc(provider.ListSources(), missing), err
}

// Version is the number of the newest migration recorded in table, 0 if none.
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

func lockKey(name string) int64 {
	h := fnv.New64a()
	h.Write([]byte("orderflow " + name))
	return int64(h.Sum64())
}

const tryLock = "SELECT pg_try_advisory_lock($1)"

// acquire polls for the lock instead of waiting for it inside the server, because a session that waits there holds a
// snapshot, and CREATE INDEX CONCURRENTLY in the session that has the lock would wait for that one.
func acquire(ctx context.Context, try func() (bool, error)) error {
	for {
		if got, err := try(); err != nil || got {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}
