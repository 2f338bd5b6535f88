package database_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

// own provisions a database for a service that no other test has, and removes it with its role.
func own(t testing.TB) (service, url string) {
	t.Helper()
	service = "test_" + strings.ReplaceAll(uuid.NewString()[:13], "-", "_")
	t.Cleanup(func() {
		admin, err := database.Open(context.Background(), database.Options{URL: embeddedtest.Postgres(t)})
		if err != nil {
			t.Error(err)
			return
		}
		defer admin.Close()
		for _, sql := range []string{"DROP DATABASE IF EXISTS %s WITH (FORCE)", "DROP ROLE IF EXISTS %s_customer",
			"DROP ROLE IF EXISTS %s"} {
			if err := admin.Gorm().Exec(fmt.Sprintf(sql, "orderflow_"+service)).Error; err != nil {
				t.Error(err)
			}
		}
	})
	url, err := database.Provision(context.Background(), embeddedtest.Postgres(t), service)
	if err != nil {
		t.Fatal(err)
	}
	return service, url
}

// open gives a test a database of its own.
func open(t testing.TB, setup ...string) *database.DB {
	t.Helper()
	db, err := database.Open(context.Background(), database.Options{URL: embeddedtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	for _, sql := range setup {
		if err := db.Gorm().Exec(sql).Error; err != nil {
			t.Fatal(err)
		}
	}
	return db
}

func mustContain(t testing.TB, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not mention %q", text, part)
		}
	}
}
