package idempotency

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded"
)

// crashable is a Postgres of its own, and the keys in it.
func crashable(t *testing.T, dir string) (*embedded.Postgres, *database.DB) {
	t.Helper()
	server, err := embedded.StartPostgres(t.Context(), embedded.PostgresConfig{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	db, err := database.Open(t.Context(), database.Options{URL: server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	migrations, err := fs.Sub(files, "testdata/migrations")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := database.Migrate(t.Context(), db, migrations, "service_version"); err != nil {
		t.Fatal(err)
	}
	return server, db
}

func TestAfterPostgresCrashedNoEffectIsThereWithoutItsClaim(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil { // as root, Postgres runs as another user
		t.Fatal(err)
	}
	server, db := crashable(t, dir)
	if err := db.Gorm().Exec(`CREATE TABLE effects (id text PRIMARY KEY)`).Error; err != nil {
		t.Fatal(err)
	}
	c := NewTable(db.Gorm())
	const before = 300 // effects
	done := make(chan string, 10*before)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				id := fmt.Sprint(worker, "-", n)
				if _, err := c.Take(ctx, claim("ann", id, id)); err != nil {
					return
				}
				if db.Gorm().WithContext(ctx).Exec(`INSERT INTO effects VALUES ($1)`, id).Error != nil {
					return
				}
				select {
				case done <- id:
				default:
				}
			}
		})
	}
	var told []string
	for len(told) < before {
		told = append(told, <-done)
	}
	text, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-server.Done()
	stop()
	all.Wait()
	db.Close()
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}

	_, db = crashable(t, dir)
	var effects, unclaimed int
	err = db.Gorm().Raw(`SELECT count(*), count(*) FILTER (WHERE NOT EXISTS (SELECT FROM idempotency_keys k WHERE k.id = e.id))
		FROM effects e`).Row().Scan(&effects, &unclaimed)
	if err != nil || effects < len(told) || unclaimed > 0 {
		t.Errorf("%d effects of %d that were done, %d of them without their claims, %v", effects, len(told), unclaimed, err)
	}
}
