// Package embeddedtest gives tests a real broker and a real database: one of each per test binary, started at first use,
// with all protection of data switched on. It is not a mock and skips nothing: a server that cannot be started fails the
// test with a message that says what to install.
//
// ORDERFLOW_TEST_KAFKA (host:port) and ORDERFLOW_TEST_POSTGRES (URL of a superuser) replace them by running servers. Call
// Main from TestMain in each package that uses them.
package embeddedtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"orderflow.example/shared/embedded"
)

// Main runs the tests, stops what they started and ends the process:
//
//	func TestMain(m *testing.M) { embeddedtest.Main(m) }
func Main(m *testing.M) {
	code := m.Run()
	if err := shared.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stopping the servers of the tests:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// Kafka is the address of the broker, host:port.
func Kafka(t testing.TB) string {
	t.Helper()
	if addr := os.Getenv("ORDERFLOW_TEST_KAFKA"); addr != "" {
		return addr
	}
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.kafka == nil {
		dir, err := shared.dir("kafka")
		if err != nil {
			t.Fatal(err)
		}
		if shared.kafka, err = embedded.StartKafka(context.Background(), embedded.KafkaConfig{Dir: dir}); err != nil {
			t.Fatal(err)
		}
	}
	return shared.kafka.Addr()
}

// Topic returns a name that no other test and no earlier run uses. It creates nothing.
func Topic(t testing.TB, prefix string) string {
	t.Helper()
	return unused(prefix)
}

// Postgres is the URL of the server's superuser.
func Postgres(t testing.TB) string {
	t.Helper()
	if url := os.Getenv("ORDERFLOW_TEST_POSTGRES"); url != "" {
		return url
	}
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.postgres == nil {
		dir, err := shared.dir("postgres")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		if shared.postgres, err = embedded.StartPostgres(ctx, embedded.PostgresConfig{Dir: dir}); err != nil {
			t.Fatal(err)
		}
	}
	return shared.postgres.URL()
}

// Database returns the URL of a new, empty database, dropped when the test ends, even if sessions are still connected. The roles
// of its customers and of readers are there, as in a service's database.
func Database(t testing.TB) string {
	t.Helper()
	admin := Postgres(t)
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatalf("ORDERFLOW_TEST_POSTGRES is no URL: %v", err)
	}
	name := strings.ReplaceAll(unused("test"), "-", "_")
	if err := execute(admin, "create database "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := execute(admin, "drop database if exists "+name+" with (force)"); err != nil {
			t.Error(err)
		}
		if err := execute(admin, "drop role if exists "+name+"_customer"); err != nil {
			t.Error(err)
		}
	})
	if err := execute(admin, "create role "+name+"_customer"); err != nil {
		t.Fatal(err)
	}
	const reader = `do $$ begin create role orderflow_reader; exception when duplicate_object or unique_violation then end $$`
	if err := execute(admin, reader); err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

func execute(url, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

var unfit = regexp.MustCompile(`[^a-zA-Z0-9._-]+`)

func unused(prefix string) string {
	id := uuid.New()
	return fmt.Sprintf("%s-%x", unfit.ReplaceAllString(prefix, "-"), id[:6])
}

// servers of this test binary.
type servers struct {
	mu       sync.Mutex
	lock     *embedded.DirLock
	kafka    *embedded.Kafka
	postgres *embedded.Postgres
}

var shared servers

// dir returns a directory for one server in the data directory of this test binary.
func (s *servers) dir(name string) (string, error) {
	if s.lock == nil {
		sweep()
		dir, err := os.MkdirTemp("", prefix)
		if err != nil {
			return "", err
		}
		if s.lock, err = embedded.Lock(dir); err != nil {
			return "", err
		}
	}
	return filepath.Join(s.lock.Path(), name), nil
}
