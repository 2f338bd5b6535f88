package database_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
)

func sqlFiles(files map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, sql := range files {
		out[name] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + sql)}
	}
	return out
}

func TestSeveralProcessesMayMigrateAtOnce(t *testing.T) {
	t.Parallel()
	url := embeddedtest.Database(t)
	files := sqlFiles(map[string]string{
		"00001_a.sql": "CREATE TABLE a (n int); SELECT pg_sleep(0.1);",
		"00002_b.sql": "CREATE TABLE b (n int);",
	})
	var all sync.WaitGroup
	var total atomic.Int64
	for range 4 {
		all.Go(func() {
			db, err := database.Open(context.Background(), database.Options{URL: url, MaxConns: 1})
			if err != nil {
				t.Error(err)
				return
			}
			defer db.Close()
			n, err := database.Migrate(context.Background(), db, files, "schema_versions")
			if err != nil {
				t.Error(err)
			}
			total.Add(int64(n))
		})
	}
	all.Wait()
	if total.Load() != 2 {
		t.Errorf("%d migrations were applied, want each of the two once", total.Load())
	}
}

func TestMigratingWhatIsUpToDateTakesMilliseconds(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), open(t)
	files := sqlFiles(map[string]string{"00001_a.sql": "CREATE TABLE a (n int);"})
	if v, err := database.Version(ctx, db, "versions"); v != 0 || err != nil {
		t.Fatal(v, err)
	}
	if n, err := database.Migrate(ctx, db, files, "versions"); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if v, err := database.Version(ctx, db, "versions"); v != 1 || err != nil {
		t.Fatal(v, err)
	}
	if n, err := database.Migrate(ctx, db, files, "versions"); n != 0 || err != nil {
		t.Fatal(n, err)
	}
}

func TestAFailedMigrationIsNamedAndLeavesNothing(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), open(t)
	files := sqlFiles(map[string]string{
		"00001_a.sql": "CREATE TABLE a (n int);",
		"00002_b.sql": "CREATE TABLE b (n int); SELECT nonsense;",
	})
	n, err := database.Migrate(ctx, db, files, "versions")
	if n != 1 || err == nil {
		t.Fatal(n, err)
	}
	mustContain(t, err.Error(), "00002_b.sql", "nonsense")
	if v, _ := database.Version(ctx, db, "versions"); v != 1 {
		t.Errorf("version %d", v)
	}
	if db.Gorm().Migrator().HasTable("b") {
		t.Error("half of the failed migration is there")
	}
}
