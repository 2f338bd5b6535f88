package database_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
)

const createMarks = `CREATE TABLE marks (n int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)`

func mark(n int) func(tx *gorm.DB) error {
	return func(tx *gorm.DB) error { return tx.Exec("INSERT INTO marks VALUES (?)", n).Error }
}

func marks(t *testing.T, db *database.DB) (n int) {
	t.Helper()
	if err := db.Gorm().Raw("SELECT count(*) FROM marks").Row().Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOnlySuccessCommits(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), open(t, createMarks)
	if err := database.Transact(ctx, db, mark(1)); err != nil {
		t.Fatal(err)
	}
	own := errors.New("own")
	err := database.Transact(ctx, db, func(tx *gorm.DB) error { return errors.Join(mark(2)(tx), own) })
	if !errors.Is(err, own) {
		t.Errorf("got %v", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		database.Transact(ctx, db, func(tx *gorm.DB) error { mark(3)(tx); panic("own") })
	}()
	if n := marks(t, db); n != 1 {
		t.Errorf("%d marks", n)
	}
}

func TestARefusedCommitIsKnownToBeRolledBack(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), open(t, createMarks)
	// The key is checked at commit.
	err := database.Transact(ctx, db, func(tx *gorm.DB) error { return errors.Join(mark(1)(tx), mark(1)(tx)) })
	if !database.IsConstraint(err, "marks_pkey") || errors.Is(err, database.ErrCommitUnknown) {
		t.Errorf("got %v", err)
	}
	// A failed statement whose error fn overlooks.
	err = database.Transact(ctx, db, func(tx *gorm.DB) error { mark(1)(tx); tx.Exec("SELECT nonsense"); return nil })
	if err == nil || errors.Is(err, database.ErrCommitUnknown) {
		t.Errorf("got %v", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	err = database.Transact(cancelled, db, func(tx *gorm.DB) error { defer cancel(); return mark(1)(tx) })
	if err == nil || errors.Is(err, database.ErrCommitUnknown) {
		t.Errorf("got %v", err)
	}
	if n := marks(t, db); n != 0 {
		t.Errorf("%d marks", n)
	}
}

func TestALostAnswerToACommitIsUnknown(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	target, err := url.Parse(embeddedtest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	var cut atomic.Bool
	target.Host = proxy(t, target.Host, &cut)
	db, err := database.Open(ctx, database.Options{URL: target.String()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Gorm().Exec(createMarks).Error; err != nil {
		t.Fatal(err)
	}
	err = database.Transact(ctx, db, func(tx *gorm.DB) error { defer cut.Store(true); return mark(1)(tx) })
	if !errors.Is(err, database.ErrCommitUnknown) || !database.IsConnection(err) {
		t.Errorf("got %v", err)
	}
	cut.Store(false)
	if n := marks(t, db); n != 1 {
		t.Errorf("%d marks, want 1: the proxy passed the commit on", n)
	}
}

// proxy passes bytes on; once cut is set it drops the connection instead of passing an answer back.
func proxy(t *testing.T, target string, cut *atomic.Bool) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", target)
			if err != nil {
				client.Close()
				return
			}
			go func() { io.Copy(server, client); server.Close() }()
			go func() {
				defer client.Close()
				buffer := make([]byte, 4096)
				for {
					n, err := server.Read(buffer)
					if err != nil || cut.Load() {
						return
					}
					client.Write(buffer[:n])
				}
			}()
		}
	}()
	return listener.Addr().String()
}

func TestABrokenStatementIsNotAnUnknownCommit(t *testing.T) {
	t.Parallel()
	err := database.Transact(context.Background(), open(t), func(tx *gorm.DB) error {
		return tx.Exec("SET ROLE NONE; SELECT pg_terminate_backend(pg_backend_pid())").Error
	})
	if !database.IsConnection(err) || errors.Is(err, database.ErrCommitUnknown) {
		t.Errorf("got %v", err)
	}
	if err != nil && strings.Contains(err.Error(), "unknown") {
		t.Error(err)
	}
}
