package embedded

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// cluster is one database directory and the settings to run a server on it.
type cluster struct {
	dir     string
	account account
	bin     string
	log     *slog.Logger
}

// settings of every start, for a machine shared with all services. Settings that protect data are never relaxed.
var settings = []string{
	"fsync=on",
	"synchronous_commit=on",
	"full_page_writes=on",
	// No replica and no archive ever reads this log.
	"wal_level=minimal",
	"max_wal_senders=0",
	"max_logical_replication_workers=0",
	"max_wal_size=4GB",
	"checkpoint_timeout=15min",
	"max_connections=300",
	"shared_buffers=256MB",
	"jit=off",
	// Parallel plans need /dev/shm, of which containers have 64 MB.
	"max_parallel_workers_per_gather=0",
	"listen_addresses=127.0.0.1",
	// The path of a data directory may be longer than the path of a socket may be.
	"unix_socket_directories=",
	"timezone=UTC",
	"log_timezone=UTC",
	"log_line_prefix=%m [%p] ",
	"logging_collector=off",
	"cluster_name=orderflow",
}

func (c cluster) data() string { return filepath.Join(c.dir, "data") }

// major is the version that made the data, "15", or "" if there is none.
func (c cluster) major() string {
	v, err := os.ReadFile(filepath.Join(c.data(), "PG_VERSION"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(v))
}

// create makes the database directory under another name first, so that a crash leaves none instead of half of one.
func (c cluster) create(ctx context.Context) error {
	if err := c.account.own(c.dir); err != nil {
		return err
	}
	password := rand.Text()
	if err := writeDurably(filepath.Join(c.dir, passwordFile), password); err != nil {
		return err
	}
	pwfile := filepath.Join(c.dir, "initdb.password")
	defer os.Remove(pwfile)
	if err := writeSynced(pwfile, password); err != nil {
		return err
	}
	if err := c.account.own(pwfile); err != nil {
		return err
	}
	c.log.Info("creating the database directory", "dir", c.data())
	// Text sorts by bytes: the same on every system and in every version of its libraries, so no index becomes invalid.
	// Upper and lower case follow Unicode where the system has C.UTF-8.
	made, err := c.initdb(ctx, "--lc-collate=C", "--lc-ctype=C.UTF-8")
	if err != nil && ctx.Err() == nil && strings.Contains(err.Error(), "locale") {
		made, err = c.initdb(ctx)
	}
	if err != nil {
		return err
	}
	if err := os.Rename(made, c.data()); err != nil {
		return err
	}
	return syncDir(c.dir)
}

// initdb returns the new directory. It removes those of killed starts, and uses a new name each time, because the initdb
// of such a start may still be cleaning up.
func (c cluster) initdb(ctx context.Context, locale ...string) (string, error) {
	unfinished, _ := filepath.Glob(filepath.Join(c.dir, "data.new-*"))
	for _, dir := range unfinished {
		_ = os.RemoveAll(dir)
	}
	made, err := os.MkdirTemp(c.dir, "data.new-")
	if err != nil {
		return "", err
	}
	if err := c.account.own(made); err != nil {
		return "", err
	}
	cmd, release, err := c.account.command(ctx, c.dir, filepath.Join(c.bin, "initdb"), func(dir string) []string {
		return append([]string{"--username=" + superuser, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C",
			"--data-checksums", "--pgdata=" + dir + "/" + filepath.Base(made), "--pwfile=" + dir + "/initdb.password"}, locale...)
	})
	if err != nil {
		return "", err
	}
	defer release()
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &output, &output, time.Second
	runtime.LockOSThread() // the program ends with the thread that started it
	defer runtime.UnlockOSThread()
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", cmd.Path, err, lastLines(output.Bytes()))
	}
	return made, nil
}

// start runs a server, which inherits the lock, and waits until it answers. A port can be taken between choosing and
// using it, and the memory of a killed server can outlive it for a moment: both end the new server early, and a retry
// helps.
func (c cluster) start(ctx context.Context, lock *os.File) (*Postgres, error) {
	password, err := os.ReadFile(filepath.Join(c.dir, passwordFile))
	if err != nil {
		return nil, fmt.Errorf("the database's password is lost: %w; restore the file, or remove the directory to begin anew", err)
	}
	for attempt := 1; ; attempt++ {
		p, err := c.tryStart(ctx, string(password), lock)
		if err == nil {
			return p, nil
		}
		if attempt == 5 || ctx.Err() != nil || !errors.Is(err, errEnded) {
			return nil, err
		}
		c.log.Warn("embedded postgres ended at start, trying again", "error", err)
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

var errEnded = errors.New("the server ended before it was ready")

func (c cluster) tryStart(ctx context.Context, password string, lock *os.File) (*Postgres, error) {
	listener, err := listenRemembered(c.dir, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	listener.Close()

	logPath := filepath.Join(c.dir, serverLog)
	if info, err := os.Stat(logPath); err == nil && info.Size() > 16<<20 {
		if err := os.Rename(logPath, logPath+".1"); err != nil {
			return nil, err
		}
	}
	out, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	before, err := out.Stat()
	if err != nil {
		return nil, err
	}
	cmd, release, err := c.postgres(port)
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.ExtraFiles = append(cmd.ExtraFiles, lock)
	s, err := run(cmd, release)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cmd.Path, err)
	}
	p := &Postgres{server: s, url: superuserURL(port, password)}
	for {
		err := answers(ctx, p.url)
		if err == nil {
			return p, nil
		}
		select {
		case <-s.done:
			return nil, fmt.Errorf("%w: %s (all of it in %s)", errEnded, logSince(logPath, before.Size()), logPath)
		case <-ctx.Done():
			s.stop(4 * time.Second)
			return nil, fmt.Errorf("not ready in time: %w; last: %v", ctx.Err(), err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (c cluster) postgres(port string) (*exec.Cmd, func(), error) {
	return c.account.command(context.Background(), c.dir, filepath.Join(c.bin, "postgres"), func(dir string) []string {
		args := []string{"-D", dir + "/data", "-p", port}
		for _, s := range settings {
			args = append(args, "-c", s)
		}
		return args
	})
}

func logSince(path string, offset int64) string {
	text, err := os.ReadFile(path)
	if err != nil || int64(len(text)) < offset {
		return ""
	}
	return lastLines(text[offset:])
}

// lastLines returns the end of a program's output as one line.
func lastLines(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) > 4 {
		lines = lines[len(lines)-4:]
	}
	return strings.Join(lines, " | ")
}
