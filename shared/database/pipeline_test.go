package database_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"sync/atomic"
	"testing"

	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
)

func markLater(n int) func(tx *gorm.DB) error {
	return func(tx *gorm.DB) error {
		return database.Later(tx, database.Statement{Name: "mark", SQL: "INSERT INTO marks VALUES ($1)", Args: []any{n}})
	}
}

func TestAPipelineCommitsEverythingInItsOrderOrNothing(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), open(t, createMarks)
	var seen []int64
	count := database.Statement{Name: "count", SQL: "SELECT count(*) FROM marks", Read: func(rows database.Rows) error {
		for rows.Next() {
			var n int64
			if err := rows.Scan(&n); err != nil {
				return err
			}
			seen = append(seen, n)
		}
		return nil
	}}
	err := database.Pipeline(ctx, db, func(tx *gorm.DB) error {
		return errors.Join(markLater(1)(tx), database.Later(tx, count), mark(2)(tx), markLater(3)(tx), database.Later(tx, count))
	})
	if err != nil || !reflect.DeepEqual(seen, []int64{1, 3}) {
		t.Errorf("counted %v, %v", seen, err)
	}
	own := errors.New("own")
	for name, fn := range map[string]func(tx *gorm.DB) error{
		"own error":            func(tx *gorm.DB) error { return errors.Join(markLater(4)(tx), own) },
		"own error after some": func(tx *gorm.DB) error { return errors.Join(markLater(4)(tx), database.Arrived(tx), own) },
		"refused while reading": func(tx *gorm.DB) error {
			refuse := database.Statement{Name: "refuse", SQL: "SELECT 1", Read: func(database.Rows) error { return own }}
			markLater(4)(tx)
			database.Later(tx, refuse)
			return database.Arrived(tx)
		},
		"overlooked refusal": func(tx *gorm.DB) error {
			refuse := database.Statement{Name: "refuse", SQL: "SELECT 1", Read: func(database.Rows) error { return own }}
			markLater(4)(tx)
			database.Later(tx, refuse)
			database.Arrived(tx)
			return nil
		},
	} {
		if err := database.Pipeline(ctx, db, fn); !errors.Is(err, own) || errors.Is(err, database.ErrCommitUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		database.Pipeline(ctx, db, func(tx *gorm.DB) error { mark(5)(tx); panic("own") })
	}()
	if n := marks(t, db); n != 3 {
		t.Errorf("%d marks", n)
	}
}

func TestARefusedPipelineIsKnownToBeRolledBack(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), open(t, createMarks)
	// The key is checked at commit.
	err := database.Pipeline(ctx, db, func(tx *gorm.DB) error { return errors.Join(markLater(1)(tx), markLater(1)(tx)) })
	if !database.IsConstraint(err, "marks_pkey") || errors.Is(err, database.ErrCommitUnknown) {
		t.Errorf("got %v", err)
	}
	for name, bad := range map[string]database.Statement{
		"unknown to the server": {Name: "nonsense", SQL: "SELECT nonsense"},
		"no value for it":       {Name: "nonsense", SQL: "SELECT $1::int", Args: []any{"text"}},
	} {
		err = database.Pipeline(ctx, db, func(tx *gorm.DB) error { return errors.Join(markLater(1)(tx), database.Later(tx, bad)) })
		if err == nil || errors.Is(err, database.ErrCommitUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A failed statement whose error fn overlooks.
	err = database.Pipeline(ctx, db, func(tx *gorm.DB) error { mark(1)(tx); tx.Exec("SELECT nonsense"); return nil })
	if err == nil || errors.Is(err, database.ErrCommitUnknown) {
		t.Errorf("got %v", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	err = database.Pipeline(cancelled, db, func(tx *gorm.DB) error { defer cancel(); return markLater(1)(tx) })
	if !errors.Is(err, context.Canceled) || errors.Is(err, database.ErrCommitUnknown) {
		t.Errorf("got %v", err)
	}
	if n := marks(t, db); n != 0 {
		t.Errorf("%d marks", n)
	}
}

func TestARowReadAfterAFailureTellsTheFailure(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	err := database.Pipeline(t.Context(), open(t), func(tx *gorm.DB) error {
		refuse := database.Statement{Name: "refuse", SQL: "SELECT 1", Read: func(database.Rows) error { return refused }}
		if err := database.Later(tx, refuse); err != nil {
			return err
		}
		var n int64
		return tx.Raw("SELECT 1").Row().Scan(&n)
	})
	if !errors.Is(err, refused) || errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	err = database.Pipeline(t.Context(), open(t), func(tx *gorm.DB) error {
		database.Later(tx, database.Statement{Name: "divide", SQL: "SELECT 1/0"})
		var n int64
		return fmt.Errorf("read: %w", tx.Raw("SELECT 1").Row().Scan(&n))
	})
	if !database.IsDataFault(err) {
		t.Errorf("got %v", err)
	}
}

func TestALostAnswerToAPipelinesCommitIsUnknown(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	target, err := url.Parse(embeddedtest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	var cut atomic.Bool
	target.Host = proxy(t, target.Host, &cut)
	db, err := database.Open(ctx, database.Options{URL: target.String(), MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Gorm().Exec(createMarks).Error; err != nil {
		t.Fatal(err)
	}
	// The session has prepared its statements before the commit under test; otherwise the lost answer would be to the
	// preparation.
	if err := database.Pipeline(ctx, db, markLater(1)); err != nil {
		t.Fatal(err)
	}
	err = database.Pipeline(ctx, db, func(tx *gorm.DB) error { defer cut.Store(true); return markLater(2)(tx) })
	if !errors.Is(err, database.ErrCommitUnknown) || !database.IsConnection(err) {
		t.Errorf("got %v", err)
	}
	cut.Store(false)
	if n := marks(t, db); n != 2 {
		t.Errorf("%d marks, want 1: the proxy passed the commit on", n)
	}
}

func TestATableWritesAndReadsTheSameInAPipeline(t *testing.T) {
	t.Parallel()
	ctx, db, table := context.Background(), open(t, createEverything), database.NewTable[everything]()
	rows := []everything{full(1), {ID: id(2), Lines: []line{}, At: full(1).At}}
	var plain, piped []everything
	err := database.Pipeline(ctx, db, func(tx *gorm.DB) error { return table.Upsert(tx, rows) })
	if err == nil {
		err = database.Transact(ctx, db, func(tx *gorm.DB) (err error) {
			plain, err = table.LoadForUpdate(tx, []string{id(1), id(2)})
			return err
		})
	}
	if err == nil {
		err = database.Pipeline(ctx, db, func(tx *gorm.DB) (err error) {
			piped, err = table.LoadForUpdate(tx, []string{id(1), id(2)})
			return err
		})
	}
	if err != nil || len(plain) != 2 || !reflect.DeepEqual(plain, piped) {
		t.Errorf("%v\nplain %+v\npiped %+v", err, plain, piped)
	}
}
