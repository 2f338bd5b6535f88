package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is a postgres process, our child or one that was taken over.
type server struct {
	pid  int
	done chan struct{} // closed when the process is gone
}

// run starts cmd and watches it. The goroutine keeps its thread until the end: the signal that ends the child when its
// parent dies is tied to the thread that started it.
func run(cmd *exec.Cmd, release func()) (server, error) {
	s := server{done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(s.done)
		err := cmd.Start()
		release()
		if err == nil {
			s.pid = cmd.Process.Pid
		}
		started <- err
		if err == nil {
			// The server's log has the reason for its end, and the exit code is of no use.
			_ = cmd.Wait()
		}
	}()
	err := <-started
	return s, err
}

// postmasterKills is how long an immediate shutdown may take: after five seconds the postmaster kills the remaining
// processes.
const postmasterKills = 6 * time.Second

// stop requests a fast shutdown, which writes a checkpoint, and after patience an immediate one, which does not.
func (s server) stop(patience time.Duration) error {
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGINT, patience}, {syscall.SIGQUIT, postmasterKills}} {
		select {
		case <-s.done:
			return nil
		default:
		}
		if err := syscall.Kill(s.pid, step.signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stopping Postgres (process %d): %w", s.pid, err)
		}
		select {
		case <-s.done:
			return nil
		case <-time.After(step.wait):
		}
	}
	return fmt.Errorf("Postgres (process %d) does not stop: see its log", s.pid)
}

// takeOver handles a server left over by a killed process. Every process of a server holds the lock on the file SERVER,
// so the kernel tells for certain whether one is left: a working server is taken over, the end of a stopping one is
// awaited. It returns either a server or the lock to start one with.
func (c cluster) takeOver(ctx context.Context) (*Postgres, *os.File, error) {
	lock, err := os.OpenFile(filepath.Join(c.dir, "SERVER"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, nil, err
	}
	if tryLock(lock) == nil {
		return nil, lock, c.removeStaleNote()
	}
	p, err := c.adopt(ctx, lock)
	if p != nil {
		return p, nil, nil
	}
	if err != nil {
		lock.Close()
		return nil, nil, err
	}
	return nil, lock, c.removeStaleNote()
}

// adopt waits until the server answers, or is gone and the lock is free.
func (c cluster) adopt(ctx context.Context, lock *os.File) (*Postgres, error) {
	password, err := os.ReadFile(filepath.Join(c.dir, passwordFile))
	if err != nil {
		return nil, fmt.Errorf("the database's password is lost: %w; restore the file", err)
	}
	for {
		pid, port := c.note()
		url := superuserURL(port, string(password))
		if pid != 0 && port != "" && answers(ctx, url) == nil {
			c.log.Info("taking over the running postgres", "pid", pid)
			s := server{pid: pid, done: make(chan struct{})}
			go func() {
				defer close(s.done)
				defer lock.Close()
				for errors.Is(syscall.Flock(int(lock.Fd()), syscall.LOCK_EX), syscall.EINTR) {
				}
			}()
			return &Postgres{server: s, url: url}, nil
		}
		if tryLock(lock) == nil {
			return nil, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("process %d of an earlier run holds the database and does not answer: %w; end it with kill -QUIT %d",
				pid, ctx.Err(), pid)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// note returns the process and port that a running server records about itself.
func (c cluster) note() (pid int, port string) {
	text, err := os.ReadFile(filepath.Join(c.data(), "postmaster.pid"))
	lines := strings.Split(string(text), "\n")
	if err != nil || len(lines) < 4 {
		return 0, ""
	}
	pid, _ = strconv.Atoi(strings.TrimSpace(lines[0]))
	return pid, strings.TrimSpace(lines[3])
}

// removeStaleNote removes the note of a server that is gone: after a restart of the machine or the container its number
// may be another program's, and Postgres would refuse to start because of it.
func (c cluster) removeStaleNote() error {
	pid, _ := c.note()
	if pid == 0 || mayBePostgres(pid) {
		return nil
	}
	return os.Remove(filepath.Join(c.data(), "postmaster.pid"))
}

func tryLock(file *os.File) error {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}
