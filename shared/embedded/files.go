package embedded

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	portFile   = "port"
	unfinished = ".new" // the end of the name of a file being written
)

// writeDurably replaces path by content, readable by its owner only, so that after a power failure either the old or the
// new file exists.
func writeDurably(path, content string) error {
	next := path + unfinished
	if err := writeSynced(next, content); err != nil {
		return err
	}
	if err := os.Rename(next, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func writeSynced(path, content string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.WriteString(content); err != nil {
		return err
	}
	return file.Sync()
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// listenRemembered listens on address. A port of 0 means the port recorded in dir, if it is free, else any free one,
// which is then recorded in dir: addresses in bookmarks and scripts survive a restart.
func listenRemembered(dir, address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w; write it as 127.0.0.1:9092", address, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("address %q is not on loopback: the embedded servers have no access control; use 127.0.0.1", address)
	}
	if port != "0" {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return nil, fmt.Errorf("cannot listen on %s: %w; choose another port", address, err)
		}
		return l, nil
	}
	path := filepath.Join(dir, portFile)
	if remembered, err := os.ReadFile(path); err == nil {
		if p, err := strconv.ParseUint(strings.TrimSpace(string(remembered)), 10, 16); err == nil && p > 0 {
			if l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.FormatUint(p, 10))); err == nil {
				return l, nil
			}
		}
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", address, err)
	}
	if err := writeDurably(path, strconv.Itoa(l.Addr().(*net.TCPAddr).Port)+"\n"); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}
