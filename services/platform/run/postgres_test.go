package run

import (
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"orderflow.example/shared/embedded"
)

// private is a watched Postgres, and its directory.
func private(t *testing.T) (p *privatePostgres, failed chan error, dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil { // as root, it runs as another user
		t.Fatal(err)
	}
	config := embedded.PostgresConfig{Dir: filepath.Join(dir, "postgres"), Logger: slog.New(slog.DiscardHandler)}
	server, err := embedded.StartPostgres(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	failed = make(chan error, 1)
	return watchPostgres(config, server, failed), failed, config.Dir
}

func TestAPrivatePostgresThatCannotBeStartedAgainIsReported(t *testing.T) {
	t.Parallel()
	p, failed, dir := private(t)
	if err := os.Remove(filepath.Join(dir, "password")); err != nil {
		t.Fatal(err)
	}
	note, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(note), "\n")
	pid, err := strconv.Atoi(first)
	if err == nil {
		err = syscall.Kill(pid, syscall.SIGKILL)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := <-failed; !strings.Contains(err.Error(), "cannot be started again") || !strings.Contains(err.Error(), "postgres.log") {
		t.Error(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestAPrivatePostgresThatIsStoppedIsNotStartedAgain(t *testing.T) {
	t.Parallel()
	p, failed, dir := private(t)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-failed:
		t.Error(err)
	default:
	}
	if _, err := os.Stat(filepath.Join(dir, "data", "postmaster.pid")); !os.IsNotExist(err) {
		t.Errorf("a server still runs: %v", err)
	}
}
