package database_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"

	"orderflow.example/shared/database"
)

func adminURL(t testing.TB) string {
	return "postgres://postgres@127.0.0.1:55439/postgres"
}

// open gives a test a database of its own.
func open(t testing.TB, setup ...string) *database.DB {
	t.Helper()
	db, err := database.Open(context.Background(), database.Options{URL: fresh(t)})
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

func fresh(t testing.TB) string {
	url, err := database.Provision(context.Background(), adminURL(t), unique(t))
	if err != nil {
		t.Fatal(err)
	}
	return url
}

func mustContain(t testing.TB, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not mention %q", text, part)
		}
	}
}

func unique(t testing.TB) string {
	return "test_" + strings.ReplaceAll(uuid.NewString()[:13], "-", "_")
}
