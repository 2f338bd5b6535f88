package chaos

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"gorm.io/gorm"

	"orderflow.example/shared/database"
)

// Stage is one fault of the installation, injected while customers order.
type Stage struct {
	Name   string
	Lasts  time.Duration
	Window time.Duration // of the load
	commit func(f *fleet, ctx context.Context, lasts time.Duration) error
}

// untilFault is the time of load before the fault.
const untilFault = 15 * time.Second

// Stages are the faults of the database.
var Stages = []Stage{
	{"statement", 60 * time.Second, 100 * time.Second, (*fleet).lockTables},
	{"column", 20 * time.Second, 60 * time.Second, (*fleet).renameColumns},
	{"readonly", 20 * time.Second, 60 * time.Second, (*fleet).readOnly},
}

// stateColumn is a column that a service needs to read or write its state.
type stateColumn struct{ service, table, column string }

var stateColumns = []stateColumn{{"payment", "payments", "amount"}, {"inventory", "stock", "reserved"}}

// stage injects the fault once the load has run for a while, and returns when the load's window is over.
func (f *fleet) stage(ctx context.Context, s Stage) (Standstill, error) {
	end := time.Now().Add(s.Window)
	pause(ctx, untilFault)
	watching, stop := context.WithCancel(ctx)
	defer stop()
	watched := make(chan Standstill)
	go func() { watched <- f.watchStandstill(watching) }()
	if err := s.commit(f, ctx, s.Lasts); err != nil {
		stop()
		<-watched
		return Standstill{}, fmt.Errorf("%s: %w", s.Name, err)
	}
	pause(ctx, time.Until(end))
	stop()
	return <-watched, context.Cause(ctx)
}

// database opens one of the fleet's databases as the superuser.
func (f *fleet) database(ctx context.Context, name string) (*database.DB, error) {
	u, err := url.Parse(f.postgres.server.URL())
	if err != nil {
		return nil, err
	}
	u.Path = "/" + name
	return database.Open(ctx, database.Options{URL: u.String(), MaxConns: 2, AppName: "chaos"})
}

// inEach runs a function on the database of each of the state columns, concurrently.
func (f *fleet) inEach(ctx context.Context, do func(context.Context, *gorm.DB, stateColumn) error) error {
	failed := make(chan error)
	for _, c := range stateColumns {
		go func() {
			db, err := f.database(ctx, "orderflow_"+c.service)
			if err == nil {
				err = errors.Join(do(ctx, db.Gorm().WithContext(ctx), c), db.Close())
			}
			failed <- err
		}()
	}
	var errs []error
	for range stateColumns {
		errs = append(errs, <-failed)
	}
	return errors.Join(errs...)
}

// lockTables holds an exclusive lock for so long, by one statement.
func (f *fleet) lockTables(ctx context.Context, lasts time.Duration) error {
	return f.inEach(ctx, func(_ context.Context, db *gorm.DB, c stateColumn) error {
		return db.Transaction(func(tx *gorm.DB) error {
			if err := tx.Exec("LOCK TABLE " + c.table + " IN ACCESS EXCLUSIVE MODE").Error; err != nil {
				return err
			}
			return tx.Exec(`SELECT pg_sleep(?)`, lasts.Seconds()).Error
		})
	})
}

// renameColumns renames the columns, and back, like a migration that the running build does not know.
func (f *fleet) renameColumns(ctx context.Context, lasts time.Duration) error {
	const rename = "ALTER TABLE %s RENAME COLUMN %s TO %s"
	return f.inEach(ctx, func(ctx context.Context, db *gorm.DB, c stateColumn) error {
		if err := db.Exec(fmt.Sprintf(rename, c.table, c.column, c.column+"_renamed")).Error; err != nil {
			return err
		}
		pause(ctx, lasts)
		return db.Exec(fmt.Sprintf(rename, c.table, c.column+"_renamed", c.column)).Error
	})
}

// readOnly ends all sessions and makes new ones read-only, like a failover to a standby that is not promoted at once.
func (f *fleet) readOnly(ctx context.Context, lasts time.Duration) error {
	db, err := f.database(ctx, "postgres")
	if err != nil {
		return err
	}
	defer db.Close()
	do := func(statements ...string) error {
		for _, sql := range statements {
			if err := db.Gorm().WithContext(ctx).Exec(sql).Error; err != nil {
				return err
			}
		}
		return nil
	}
	err = do(`ALTER SYSTEM SET default_transaction_read_only = on`, `SELECT pg_reload_conf()`, `SELECT pg_sleep(0.2)`,
		`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`)
	if err != nil {
		return err
	}
	pause(ctx, lasts)
	return do(`ALTER SYSTEM RESET default_transaction_read_only`, `SELECT pg_reload_conf()`)
}
