package service

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
)

// Secret returns the secret of this name in the data directory. At first use it is made, of 32 random bytes in
// hexadecimal, readable by its owner only. Concurrent callers in several processes get the same one.
func Secret(dataDir, name string) ([]byte, error) {
	// A hidden directory, because a directory with other files in it is not accepted as a data directory.
	dir := filepath.Join(dataDir, ".secrets")
	path := filepath.Join(dir, name)
	if name != filepath.Base(name) || name == "." {
		return nil, fmt.Errorf("secret %q: want a plain name", name)
	}
	if secret, err := readSecret(path); !errors.Is(err, os.ErrNotExist) {
		return secret, err
	}
	// The data directory itself is readable by all: when run as root, the private Postgres runs as another user.
	if err := errors.Join(os.MkdirAll(dataDir, 0o755), os.MkdirAll(dir, 0o700)); err != nil {
		return nil, fmt.Errorf("secret %s: %w; choose a data directory this user may write", name, err)
	}
	if err := makeSecret(dir, path); err != nil {
		return nil, fmt.Errorf("secret %s: %w", name, err)
	}
	return readSecret(path)
}

// keyName is the secret that tokens are signed with.
const keyName = "jwt.key"

// Key is the key that signs tokens: the file of the configuration, or the data directory's own.
func (c Config) Key() ([]byte, error) {
	if c.JWTKeyFile == "" {
		return Secret(c.DataDir, keyName)
	}
	key, err := os.ReadFile(c.JWTKeyFile)
	if err != nil {
		return nil, fmt.Errorf("jwt-key-file: %w", err)
	}
	if key = bytes.TrimSpace(key); len(key) < 32 {
		return nil, fmt.Errorf("jwt-key-file: %s holds %d bytes; at least 32 are needed", c.JWTKeyFile, len(key))
	}
	return key, nil
}

// InstalledKey is Key for an existing installation: no key is made, so that a mistyped data directory is noticed.
func (c Config) InstalledKey() ([]byte, error) {
	if c.JWTKeyFile == "" {
		if _, err := os.Stat(filepath.Join(c.DataDir, ".secrets", keyName)); errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("there is no installation in the data directory %s: give --data-dir or --jwt-key-file, "+
				"or start one with `orderflow up --data-dir %[1]s`", c.DataDir)
		}
	}
	return c.Key()
}

func readSecret(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("secret %s can be read by others: run chmod 600 on it, or delete it to get a new one", path)
	}
	secret, err := os.ReadFile(path)
	if err == nil && len(secret) < 32 {
		err = fmt.Errorf("secret %s is damaged: delete it to get a new one", path)
	}
	return secret, err
}

// makeSecret writes the whole file before it gets its name; of several concurrent writers the first one's file stays.
func makeSecret(dir, path string) error {
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, ".new-*") // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(hex.EncodeToString(random))
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Link(file.Name(), path); !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}

// withPassword returns the URL with the password that is in the file.
func withPassword(address, file string) (string, error) {
	password, err := os.ReadFile(file)
	if err != nil {
		return address, fmt.Errorf("postgres-password-file: %w", err)
	}
	u, err := url.Parse(address)
	if err != nil || u.User.Username() == "" {
		return address, errors.New("postgres-password-file: needs --postgres postgres://USER@HOST:PORT/DATABASE")
	}
	u.User = url.UserPassword(u.User.Username(), string(bytes.TrimSpace(password)))
	return u.String(), nil
}
