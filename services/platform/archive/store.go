package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Store keeps files. Names are relative paths with slashes.
type Store interface {
	// Put writes a file, which appears when it is complete. If the name exists it returns ErrExists, and the file stays.
	Put(ctx context.Context, name string, content io.Reader) error
	// Open reads a file; the error for a missing one is fs.ErrNotExist.
	Open(ctx context.Context, name string) (io.ReadCloser, error)
	// List names the files below a prefix that ends with a slash, in order.
	List(ctx context.Context, prefix string) ([]string, error)
}

// ErrExists means that the name is taken. Files are never changed.
var ErrExists = errors.New("there is a file of that name, and files of an archive are never changed")

// OpenStore opens a store: a directory, or s3://bucket/prefix?endpoint=https://host:port&region=…, see S3.
func OpenStore(place string) (Store, error) {
	switch u, err := url.Parse(place); {
	case place == "":
		return nil, errors.New("archive: no place is given: want a directory or s3://bucket/prefix?endpoint=https://host:port")
	case strings.HasPrefix(place, "s3://"):
		if err != nil || u.User != nil { // its text may hold a password
			return nil, errors.New("archive: the s3 address is not valid: want " +
				"s3://bucket/prefix?endpoint=https://host:port, and credentials " +
				"in the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) or in a file (AWS_SHARED_CREDENTIALS_FILE)")
		}
		return newS3(u)
	case err == nil && u.Scheme != "" && u.Host != "":
		return nil, fmt.Errorf("archive: nothing is kept at %s://: want a directory or "+
			"s3://bucket/prefix?endpoint=https://host:port", u.Scheme)
	}
	return Dir(place), nil
}

// Dir is a store in a directory, which the first write creates.
type Dir string

// unfinished is the prefix of files that are being written. Files that a crash left unfinished are never read.
const unfinished = ".unfinished-"

// Put writes the file under a temporary name, syncs it to the disk and renames it.
func (d Dir) Put(_ context.Context, name string, content io.Reader) (err error) {
	defer func() {
		switch {
		case err == nil || errors.Is(err, ErrExists):
		case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
			err = fmt.Errorf("archive: the disk of %s is full: what was begun was removed; make room, and run the same command again: "+
				"write %s: %w", d, name, err)
		default:
			err = fmt.Errorf("archive: write %s: %w", d.path(name), err)
		}
	}()
	folder := filepath.Dir(d.path(name))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if _, err := os.Lstat(d.path(name)); err == nil {
		return fmt.Errorf("archive: write %s: %w", d.path(name), ErrExists)
	}
	file, err := os.CreateTemp(folder, unfinished+"*") // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = io.Copy(file, content)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), d.path(name)); err != nil {
		return err
	}
	return d.sync(folder)
}

// sync makes the name of a file durable, and those of the directories created for it.
func (d Dir) sync(folder string) error {
	for {
		f, err := os.Open(folder)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
		if len(folder) <= len(filepath.Clean(string(d))) {
			return nil
		}
		folder = filepath.Dir(folder)
	}
}

// Open opens the file.
func (d Dir) Open(_ context.Context, name string) (io.ReadCloser, error) {
	f, err := os.Open(d.path(name))
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	return f, nil
}

// List walks the directory; one that does not exist is empty.
func (d Dir) List(_ context.Context, prefix string) (names []string, err error) {
	err = filepath.WalkDir(d.path(prefix), func(at string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), unfinished) {
			return err
		}
		name, err := filepath.Rel(string(d), at)
		names = append(names, filepath.ToSlash(name))
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return names, nil
	}
	if err != nil {
		return nil, fmt.Errorf("archive: list %s: %w", d.path(prefix), err)
	}
	slices.Sort(names)
	return names, nil
}

func (d Dir) path(name string) string {
	return filepath.Join(string(d), filepath.FromSlash(path.Clean("/"+name)))
}
