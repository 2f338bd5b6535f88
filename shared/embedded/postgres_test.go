package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

const inserted = 500

// insertAndWait commits rows one by one.
func insertAndWait(dir string) error {
	ctx := context.Background()
	p, err := StartPostgres(ctx, PostgresConfig{Dir: dir})
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, p.URL())
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "create table kept (n int primary key)"); err != nil {
		return err
	}
	for i := range inserted {
		if _, err := conn.Exec(ctx, "insert into kept values ($1)", i); err != nil {
			return err
		}
	}
	fmt.Println(p.URL())
	return nil
}

func TestPostgresKeepsEveryCommitThroughKill9AndIsBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	child, url := startChild(t, "postgres", dir)
	kill9(child)

	p := startPostgresServer(t, PostgresConfig{Dir: dir})
	if p.URL() != url {
		t.Errorf("the address moved from %s to %s", url, p.URL())
	}
	if n := query[int](t, p.URL(), "select count(*) from kept"); n != inserted {
		t.Fatalf("%d of %d committed rows are left", n, inserted)
	}
}

func TestPostgresTakesOverTheServerOfAKilledProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := startPostgresServer(t, PostgresConfig{Dir: dir})
	url := first.URL()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	// A server without a parent, as a kill leaves it where the system cannot end it with its parent.
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	a, err := accountFor(filepath.Join(dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	c := cluster{dir: dir, account: a}
	if c.bin, err = findBinaries(t.Context(), a, "", PostgresConfig{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	_, lock, err := c.takeOver(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	orphan, release, err := c.postgres(fmt.Sprint(config.Port))
	if err != nil {
		t.Fatal(err)
	}
	orphan.ExtraFiles = append(orphan.ExtraFiles, lock)
	orphan.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: orphan.SysProcAttr.Credential}
	if err := orphan.Start(); err != nil {
		t.Fatal(err)
	}
	release()
	lock.Close()
	ended := make(chan struct{})
	go func() { defer close(ended); _ = orphan.Wait() }()

	p := startPostgresServer(t, PostgresConfig{Dir: dir})
	if p.server.pid != orphan.Process.Pid {
		t.Fatalf("process %d was started beside %d", p.server.pid, orphan.Process.Pid)
	}
	if query[int](t, p.URL(), "select 1") != 1 {
		t.Fatal("the server that was taken over does not work")
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	<-ended
	<-p.Done()
}

func TestPostgresStartsOverTheNoteOfADeadServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := startPostgresServer(t, PostgresConfig{Dir: dir})
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	// After a restart of a container, the number in the note is often a live process: here, us.
	note := fmt.Sprintf("%d\n%s\n0\n5432\n\n127.0.0.1\n0 0\nready\n", os.Getpid(), dir)
	path := filepath.Join(dir, "data", "postmaster.pid")
	if err := os.WriteFile(path, []byte(note), 0o600); err != nil {
		t.Fatal(err)
	}
	again := startPostgresServer(t, PostgresConfig{Dir: dir})
	if query[int](t, again.URL(), "select 1") != 1 {
		t.Fatal("the server does not work")
	}
}

func TestPostgresIsDurablePrivateAndUnicode(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startPostgresServer(t, PostgresConfig{Dir: dir})
	for setting, want := range map[string]string{
		"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "data_checksums": "on",
		"listen_addresses": "127.0.0.1", "max_connections": "300", "server_encoding": "UTF8",
	} {
		if got := query[string](t, p.URL(), "select current_setting('"+setting+"')"); got != want {
			t.Errorf("%s is %s, not %s", setting, got, want)
		}
	}
	password, err := os.Stat(filepath.Join(dir, "password"))
	if err != nil || password.Mode().Perm() != 0o600 {
		t.Errorf("others may read the password: %v %v", password.Mode(), err)
	}
	stranger := strings.Replace(p.URL(), "orderflow:", "orderflow:x", 1)
	if err := answers(t.Context(), stranger); err == nil || !strings.Contains(err.Error(), "password authentication failed") {
		t.Errorf("a wrong password is answered with %v", err)
	}
	if _, err := StartPostgres(t.Context(), PostgresConfig{Dir: dir}); err == nil ||
		!strings.Contains(err.Error(), "in use by process") {
		t.Errorf("two servers on one directory: %v", err)
	}
}

func TestPostgresSaysWhatToInstallWhenThereIsNone(t *testing.T) {
	t.Parallel()
	a, err := accountFor("")
	if err != nil {
		t.Fatal(err)
	}
	_, err = findBinaries(t.Context(), a, "9", PostgresConfig{Dir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "install") || strings.Contains(err.Error(), "\n") {
		t.Fatalf("want one line that says what to install, got %v", err)
	}
}

func TestAFailedDownloadLeavesNothingInTheCache(t *testing.T) {
	t.Parallel()
	repository := httptest.NewServer(http.NotFoundHandler())
	defer repository.Close()
	cache := t.TempDir()
	cfg := PostgresConfig{CacheDir: cache, Logger: slog.New(slog.DiscardHandler)}
	if bin, err := fetchBinaries(t.Context(), repository.URL, "", cfg); err == nil {
		t.Fatalf("programs found where there are none: %s", bin)
	}
	if left, err := os.ReadDir(cache); err != nil || len(left) > 0 {
		t.Fatalf("left behind: %v %v", left, err)
	}
}

func startPostgresServer(t *testing.T, cfg PostgresConfig) *Postgres {
	t.Helper()
	p, err := StartPostgres(patiently(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func query[T any](t *testing.T, url, sql string) T {
	t.Helper()
	var value T
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), sql).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}
