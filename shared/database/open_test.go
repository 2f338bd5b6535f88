package database_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
)

func TestAnUnreachableDatabaseIsNamedInOneLineWithoutThePassword(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	for url, want := range map[string]string{
		"postgres://ann:s3cret@" + address + "/shop":     address,
		"postgres://ann:s3cret@" + address + ":x/shop":   "not valid",
		"postgres://ann:s3cret@localhost:1/shop":         "localhost:1",
		"postgres://ann:s3 cret%zz@" + address + "/shop": "not valid",
		"": "not valid",
	} {
		_, err := database.Open(context.Background(), database.Options{URL: url})
		if err == nil {
			t.Fatalf("opened %q", url)
		}
		mustContain(t, err.Error(), want)
		if strings.Contains(err.Error(), "cret") || strings.Contains(err.Error(), "\n") {
			t.Errorf("bad message %q", err)
		}
	}
}

func TestARefusedSessionSaysWhy(t *testing.T) {
	t.Parallel()
	_, err := database.Open(context.Background(), database.Options{URL: embeddedtest.Database(t), Role: "nobody_known"})
	if err == nil {
		t.Fatal("opened with a role that does not exist")
	}
	mustContain(t, err.Error(), "nobody_known", "role")
}

func TestStatementsAreLoggedWithoutTheirValues(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	db, err := database.Open(context.Background(), database.Options{
		URL: embeddedtest.Database(t), Logger: slog.New(slog.NewJSONHandler(&out, nil)), SlowQuery: time.Nanosecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.Gorm().Exec("SELECT ?::text", "secret-slow")
	db.Gorm().Exec("SELECT ?::text::uuid", "secret-failed")
	db.Gorm().Exec("SELECT $1::bigint", "secret-argument")
	mustContain(t, out.String(), "slow statement", "statement failed", "22P02", "SELECT $1::text")
	if strings.Contains(out.String(), "secret") {
		t.Errorf("a value was logged: %s", out.String())
	}
}

func TestTimesAreReadAsUTC(t *testing.T) {
	t.Parallel()
	var at time.Time
	if err := open(t).Gorm().Raw("SELECT now()").Row().Scan(&at); err != nil {
		t.Fatal(err)
	}
	if at.Location() != time.UTC {
		t.Errorf("got %v", at.Location())
	}
}

func TestErrorsAreToldApart(t *testing.T) {
	t.Parallel()
	db := open(t, `CREATE TABLE a (n int CONSTRAINT positive CHECK (n > 0), CONSTRAINT once UNIQUE (n))`, `INSERT INTO a VALUES (1)`)
	run := func(sql string) error { return db.Gorm().Exec(sql).Error }
	if err := run("INSERT INTO a VALUES (0)"); !database.IsConstraint(err, "positive") || database.IsConstraint(err, "once") {
		t.Errorf("check: %v", err)
	}
	if err := run("INSERT INTO a VALUES (1)"); !database.IsConstraint(err, "once") {
		t.Errorf("unique: %v", err)
	}
	if err := run("SELECT nonsense"); err == nil || database.IsConnection(err) {
		t.Errorf("a wrong statement counts as a connection fault: %v", err)
	}
	if err := run("SET ROLE NONE; SELECT pg_terminate_backend(pg_backend_pid())"); !database.IsConnection(err) {
		t.Errorf("an ended session: %v", err)
	}
	if err := run("SELECT 1"); err != nil {
		t.Errorf("after an ended session the next statement failed: %v", err)
	}
	if err := run("DO $x$ BEGIN RAISE EXCEPTION SQLSTATE '40P01'; END $x$"); !database.IsDeadlock(err) ||
		database.IsConnection(err) {
		t.Errorf("deadlock: %v", err)
	}
	if err := run("DO $x$ BEGIN RAISE EXCEPTION SQLSTATE '40001'; END $x$"); !database.IsSerialization(err) {
		t.Errorf("serialization: %v", err)
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if err := db.Gorm().WithContext(cancelled).Exec("SELECT 1").Error; err == nil || database.IsConnection(err) {
		t.Errorf("the caller's cancellation: %v", err)
	}
	for _, code := range []string{"57P03", "53300", "53100", "08006", "25006"} {
		if !database.IsConnection(errors.Join(&pgconn.PgError{Code: code})) {
			t.Errorf("%s is not counted as a connection fault", code)
		}
	}
	if _, err := database.Open(context.Background(), database.Options{URL: "postgres://x@127.0.0.1:1/x"}); !database.IsConnection(
		err) {
		t.Errorf("a database that is down: %v", err)
	}
	if database.IsConnection(nil) {
		t.Error("nil")
	}
}

func TestOnlyTheDataOfAStatementIsADataFault(t *testing.T) {
	t.Parallel()
	db := open(t, `CREATE TABLE a (n int CONSTRAINT positive CHECK (n > 0) UNIQUE, s varchar(3))`, `INSERT INTO a VALUES (1, NULL)`)
	run := func(ctx context.Context, sql string, args ...any) error {
		return db.Gorm().WithContext(ctx).Exec(sql, args...).Error
	}
	for sql, args := range map[string][]any{
		"INSERT INTO a VALUES (0)":                         nil,
		"INSERT INTO a VALUES (1)":                         nil,
		"INSERT INTO a VALUES (2, 'abcd')":                 nil,
		"INSERT INTO a VALUES (3000000000)":                nil,
		"INSERT INTO a (s) VALUES ($1)":                    {"\x00"},
		"INSERT INTO a SELECT n FROM (VALUES (1/0)) t (n)": nil,
	} {
		if err := run(t.Context(), sql, args...); !database.IsDataFault(err) || database.IsConnection(err) {
			t.Errorf("%s: %v", sql, err)
		}
	}
	late, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	for sql, ctx := range map[string]context.Context{
		"SELECT pg_sleep(60)": late,
		"SELECT nonsense":     t.Context(),
		"SELECT FROM nowhere": t.Context(),
		"SET LOCAL statement_timeout = 1; SELECT pg_sleep(60)":         t.Context(),
		"SET ROLE NONE; SELECT pg_terminate_backend(pg_backend_pid())": t.Context(),
	} {
		if err := run(ctx, sql); err == nil || database.IsDataFault(err) {
			t.Errorf("%s: %v", sql, err)
		}
	}
	for _, code := range []string{"08006", "25P02", "40001", "40P01", "42501", "42P01", "53100", "54000", "55P03", "57014",
		"57P01", "58030", "XX001"} {
		if database.IsDataFault(&pgconn.PgError{Code: code, Severity: "ERROR"}) {
			t.Errorf("%s counts as a data fault", code)
		}
	}
	refused := &pgconn.PgError{Code: "23505", Severity: "ERROR"}
	if !database.IsDataFault(fmt.Errorf("database: commit: rolled back: %w", refused)) {
		t.Error("a constraint checked at commit does not count as a data fault")
	}
	if database.IsDataFault(fmt.Errorf("%w: %w", database.ErrCommitUnknown, refused)) || database.IsDataFault(nil) {
		t.Error("a commit with an unknown outcome, or no error, counts as a data fault")
	}
}
