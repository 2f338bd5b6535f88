package endtoend_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orderflow.example/services/platform/trial"
)

// closedPort returns an address on which nothing listens: a port that the kernel assigned and released.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	return l.Addr().String()
}

func openDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil { // as root, the private Postgres runs as another user
		t.Fatal(err)
	}
	return dir
}

func TestWhatTheEnvironmentLacksIsSaidInOneLineAndByTheExitCode(t *testing.T) {
	t.Parallel()
	bin := trial.Programs(t, "platform", "order", "payment")
	orderflow := filepath.Join(bin, "orderflow")

	used := openDir(t)
	running := trial.Run(t, orderflow, "up", "--data-dir", used, "--http-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0",
		"--services", "world")
	taken := strings.TrimPrefix(running.Operators, "http://")

	old := openDir(t)
	if err := os.WriteFile(filepath.Join(old, "VERSION"), []byte("0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	foreign := openDir(t)
	if err := os.WriteFile(filepath.Join(foreign, "thesis.doc"), []byte("do not touch"), 0o644); err != nil {
		t.Fatal(err)
	}
	closed := closedPort(t)
	free := []string{"--http-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0"}
	const secret = "hunter2-of-nobody"
	unreachable := fmt.Sprintf("postgres://postgres:%s@127.0.0.1:1/postgres", secret)
	for _, c := range []struct {
		name    string
		program string
		args    []string
		code    int
		says    []string
	}{
		{"operators' port taken", "orderflow", []string{"up", "--data-dir", openDir(t), "--http-addr", "127.0.0.1:0", "--ops-addr",
			taken}, 3, []string{taken, "--ops-addr"}},
		{"customers' port taken", "orderflow", []string{"up", "--data-dir", openDir(t), "--ops-addr", "127.0.0.1:0", "--http-addr",
			taken}, 3, []string{taken, "--http-addr"}},
		{"data directory in use", "orderflow", append(free, "up", "--data-dir", used), 3, []string{used, "in use by process"}},
		{"data directory of another version", "orderflow", append(free, "up", "--data-dir", old), 3, []string{old, "version"}},
		{"directory with other files", "orderflow", append(free, "up", "--data-dir", foreign), 3, []string{foreign, "thesis.doc"}},
		{"Postgres not there", "orderflow", append(free, "up", "--data-dir", openDir(t), "--postgres", unreachable), 3,
			[]string{"127.0.0.1:1"}},
		{"Kafka not there", "orderflow", append(free, "up", "--data-dir", openDir(t), "--kafka", closed), 3, []string{closed}},
		{"unknown flag", "orderflow", []string{"up", "--speed", "3"}, 2, []string{"--speed", "--help"}},
		{"unknown command", "orderflow", []string{"explode"}, 2, []string{"explode", "--help"}},
		{"unknown service", "orderflow", append(free, "up", "--data-dir", openDir(t), "--services", "order,teleport"), 2,
			[]string{"teleport", "payment"}},
		{"bad value", "orderflow", append(free, "up", "--data-dir", openDir(t), "--partitions", "0", "--log-format", "loud"), 2,
			[]string{"partitions", "log-format"}},
		{"unknown flag of a command below", "orderflow", []string{"topics", "list", "--surplus"}, 2, []string{"--surplus"}},
		{"topics of nothing", "orderflow", []string{"topics", "check", "--data-dir", openDir(t)}, 3, []string{"orderflow up"}},
		{"token for nobody", "orderflow", []string{"token", "--data-dir", openDir(t)}, 2, []string{"--customer", "--operator"}},
		{"a service without Kafka", "order", append(free, "--data-dir", openDir(t)), 2, []string{"--kafka"}},
		{"a service without its gateway", "payment", append(free, "--data-dir", openDir(t), "--kafka", closed, "--postgres",
			unreachable), 2, []string{"--gateway-url"}},
		{"a service whose Kafka is not there", "order", append(free, "--data-dir", openDir(t), "--kafka", closed, "--postgres",
			unreachable), 3, []string{closed}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, code := trial.Command(filepath.Join(bin, c.program), append(c.args, "--log-level=error")...)
			if code != c.code || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, c.program+": ") ||
				strings.Contains(stdout, "ready") {
				t.Errorf("exit code %d, want %d with one line on standard error:\n%s%s", code, c.code, stderr, stdout)
			}
			for _, word := range c.says {
				if !strings.Contains(stderr, word) {
					t.Errorf("%q is not in: %s", word, stderr)
				}
			}
			if strings.Contains(stderr+stdout, secret) {
				t.Errorf("the password is printed: %s%s", stderr, stdout)
			}
		})
	}
	t.Cleanup(func() { // after the subtests
		if entries, err := os.ReadDir(foreign); err != nil || len(entries) != 1 {
			t.Errorf("the foreign directory was touched: %v %v", entries, err)
		}
	})
}
