package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	superuser    = "orderflow"
	passwordFile = "password"
	serverLog    = "postgres.log"
)

// PostgresConfig is the configuration of the private Postgres.
type PostgresConfig struct {
	Dir      string       // its own directory, made if missing
	CacheDir string       // for downloaded binaries; default: the user's cache directory
	Logger   *slog.Logger // default: nothing is logged; the server's own log is postgres.log in Dir
}

// Postgres is a running private server. It listens on 127.0.0.1 only and requires its password.
type Postgres struct {
	server server
	lock   io.Closer
	url    string
	close  sync.Once
	err    error
}

// StartPostgres starts the server on the data in cfg.Dir, which it creates at the first start. ctx bounds the start, not
// the server's life. A server left over by a killed process is taken over, or its end awaited.
//
// The binaries are those of the machine, PostgreSQL 15 or newer; if there are none they are downloaded once.
func StartPostgres(ctx context.Context, cfg PostgresConfig) (*Postgres, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("embedded Postgres: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("embedded Postgres: %w", err)
	}
	lock, err := flock(dir, "embedded Postgres's directory")
	if err != nil {
		return nil, err
	}
	cfg.Dir = dir
	p, err := startPostgres(ctx, cfg)
	if err != nil {
		lock.Close()
		return nil, fmt.Errorf("embedded Postgres in %s: %w", dir, err)
	}
	p.lock = lock
	return p, nil
}

func startPostgres(ctx context.Context, cfg PostgresConfig) (*Postgres, error) {
	c := cluster{dir: cfg.Dir, log: cfg.Logger}
	var err error
	if c.account, err = accountFor(c.data()); err != nil {
		return nil, err
	}
	p, left, err := c.takeOver(ctx)
	if p != nil || err != nil {
		return p, err
	}
	defer left.Close()
	if c.bin, err = findBinaries(ctx, c.account, c.major(), cfg); err != nil {
		return nil, err
	}
	if c.major() == "" {
		if err := c.create(ctx); err != nil {
			return nil, err
		}
	}
	return c.start(ctx, left)
}

// URL is the superuser's URL of the database "postgres". It contains the password.
func (p *Postgres) URL() string { return p.url }

// Done is closed when the server has ended, by Close or by itself.
func (p *Postgres) Done() <-chan struct{} { return p.server.done }

// Close stops the server, ending its sessions, and returns when it is gone: within 5 s, after which it is stopped
// immediately and recovers from its log at the next start.
func (p *Postgres) Close() error {
	p.close.Do(func() { p.err = errors.Join(p.server.stop(4*time.Second), p.lock.Close()) })
	return p.err
}

func superuserURL(port, password string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(superuser, password), Host: "127.0.0.1:" + port,
		Path: "/postgres", RawQuery: "sslmode=disable"}
	return u.String()
}

// answers checks that a server at url accepts the connection and works.
func answers(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return conn.Ping(ctx)
}
