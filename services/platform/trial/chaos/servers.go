package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"orderflow.example/shared/embedded"
)

// broker is an Apache Kafka run by scripts/kafka.sh.
type broker struct {
	script, dir, port string
	fault             sync.Mutex
	starts            int
}

func (b *broker) address() string { return "127.0.0.1:" + b.port }

// start starts the broker on its data, and returns once it answers.
func (b *broker) start(ctx context.Context) error {
	b.starts++ // a log per start: the script waits for a line in it
	log := filepath.Join(b.dir, "server.out")
	if err := os.Rename(log, fmt.Sprint(log, ".", b.starts)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	cmd := exec.CommandContext(ctx, b.script, "start", b.dir, b.port)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("broker: %w: %s", err, strings.TrimSpace(said.String()))
	}
	return nil
}

func (b *broker) pid() int { return readPID(filepath.Join(b.dir, "pid")) }

func (b *broker) kill() {
	pid := b.pid()
	if pid == 0 {
		return
	}
	syscall.Kill(pid, syscall.SIGKILL)
	for alive(pid) {
		time.Sleep(10 * time.Millisecond)
	}
	os.Remove(filepath.Join(b.dir, "pid"))
}

func (b *broker) freeze(ctx context.Context, d time.Duration) {
	pid := b.pid()
	syscall.Kill(pid, syscall.SIGSTOP)
	pause(ctx, d)
	syscall.Kill(pid, syscall.SIGCONT)
}

// postgres is a private Postgres.
type postgres struct {
	dir    string
	fault  sync.Mutex
	server *embedded.Postgres
}

func (p *postgres) start(ctx context.Context) (err error) {
	before := p.server
	if p.server, err = embedded.StartPostgres(ctx, embedded.PostgresConfig{Dir: p.dir}); err != nil {
		return err
	}
	if before != nil && before.URL() != p.server.URL() {
		return errors.New("postgres: another program has taken its port while it was down")
	}
	return nil
}

func (p *postgres) pid() int { return readPID(filepath.Join(p.dir, "data", "postmaster.pid")) }

// kill sends SIGKILL to the postmaster; its processes notice and end.
func (p *postgres) kill() error {
	syscall.Kill(p.pid(), syscall.SIGKILL)
	<-p.server.Done()
	return p.server.Close()
}

// freeze stops the postmaster and all its processes, each of which leads a process group of its own.
func (p *postgres) freeze(ctx context.Context, d time.Duration) {
	postmaster := p.pid()
	syscall.Kill(postmaster, syscall.SIGSTOP)
	sessions := children(postmaster)
	for _, pid := range sessions {
		syscall.Kill(pid, syscall.SIGSTOP)
	}
	pause(ctx, d)
	for _, pid := range append(sessions, postmaster) {
		syscall.Kill(pid, syscall.SIGCONT)
	}
}

func readPID(file string) int {
	text, _ := os.ReadFile(file)
	first, _, _ := strings.Cut(string(text), "\n")
	pid, _ := strconv.Atoi(strings.TrimSpace(first))
	return pid
}

// status returns the state and the parent of a process; state Z is one that has ended.
func status(pid int) (state string, parent int) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if err != nil || len(fields) < 2 {
		return "", 0
	}
	parent, _ = strconv.Atoi(fields[1])
	return fields[0], parent
}

func alive(pid int) bool {
	state, _ := status(pid)
	return state != "" && !slices.Contains([]string{"Z", "X"}, state)
}

func children(of int) (pids []int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			if _, parent := status(pid); parent == of && parent != 0 {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}
