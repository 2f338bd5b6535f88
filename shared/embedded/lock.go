// Package embedded is the one-machine default of Orderflow: a durable Kafka inside the process and a private Postgres
// beside it, both under one data directory, on a machine where neither is installed. It works as root and as an ordinary
// user, and everything acknowledged survives a kill -9.
//
// It is not a cluster, has no replicas and listens on loopback only. The platform command uses it when no --kafka or
// --postgres is given; the tests of the other packages reach it through embedded/embeddedtest.
package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// LayoutVersion is the version of the data directory's layout that this code reads and writes.
const LayoutVersion = "1"

const (
	versionFile = "VERSION"
	lockFile    = "LOCK"
)

// DirLock is the exclusive use of a data directory, until Close or the end of the process, however it ends.
type DirLock struct {
	path string
	file *os.File
}

// Lock locks dataDir for this process, creating it if needed. It refuses a directory of another layout version, one with
// other files, and one in use by a process; each error is one line that says what to do.
func Lock(dataDir string) (*DirLock, error) {
	path, err := filepath.Abs(dataDir)
	if err != nil {
		return nil, fmt.Errorf("data directory %s: %w", dataDir, err)
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("cannot create data directory: %w; choose a directory this user may write", err)
	}
	known, err := checkVersion(path)
	if err != nil {
		return nil, err
	}
	file, err := flock(path, "data directory")
	if err != nil {
		return nil, err
	}
	if !known {
		if err := writeDurably(filepath.Join(path, versionFile), LayoutVersion+"\n"); err != nil {
			file.Close()
			return nil, err
		}
	}
	return &DirLock{path: path, file: file}, nil
}

// Path is the absolute path of the data directory.
func (l *DirLock) Path() string { return l.path }

// Close releases the data directory.
func (l *DirLock) Close() error { return l.file.Close() }

// checkVersion tells whether dir has this layout's version already; false means that the directory can be used.
func checkVersion(dir string) (bool, error) {
	found, err := os.ReadFile(filepath.Join(dir, versionFile))
	if err == nil {
		if v := strings.TrimSpace(string(found)); v != LayoutVersion {
			return false, fmt.Errorf("data directory %s has layout version %q, this program needs %q: "+
				"use the program that made it, or another directory", dir, v, LayoutVersion)
		}
		return true, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return false, fmt.Errorf("data directory %s: %w", dir, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false, fmt.Errorf("data directory %s: %w", dir, err)
	}
	for _, e := range entries {
		// A new file system has lost+found, a crash before the version was written leaves LOCK and the unfinished file.
		if n := e.Name(); n != lockFile && n != versionFile+unfinished && n != "lost+found" && !strings.HasPrefix(n, ".") {
			return false, fmt.Errorf("directory %s holds other files (%s) and no %s: choose an empty or new directory",
				dir, n, versionFile)
		}
	}
	return false, nil
}

// The number of retries for a lock that this process itself seems to hold, and the pause between them.
const (
	ownTries = 20
	ownPause = 25 * time.Millisecond
)

// holder is the process that took the lock last, 0 if unknown.
func holder(file *os.File) int {
	text := make([]byte, 20)
	n, _ := file.ReadAt(text, 0)
	pid, _ := strconv.Atoi(string(text[:n]))
	return pid
}

// flock locks dir/LOCK without waiting. The kernel releases it when the process ends, so there is no stale lock; the
// number inside only names the holder.
func flock(dir, what string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("cannot lock %s %s: %w", what, dir, err)
	}
	err = tryLock(file)
	for tries := 0; errors.Is(err, syscall.EWOULDBLOCK) && tries < ownTries && holder(file) == os.Getpid(); tries++ {
		// This process has just released it, and a child that it is starting has a copy of the file until exec.
		time.Sleep(ownPause)
		err = tryLock(file)
	}
	if err == nil {
		err = file.Truncate(0)
		if err == nil {
			_, err = file.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0)
		}
		if err != nil {
			file.Close()
			return nil, fmt.Errorf("cannot lock %s %s: %w", what, dir, err)
		}
		return file, nil
	}
	defer file.Close()
	if !errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("cannot lock %s %s: %w", what, dir, err)
	}
	return nil, fmt.Errorf("%s %s is in use by process %d: stop that process or use another directory",
		what, dir, holder(file))
}
