package store

import (
	"testing"

	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

func TestPromotionsAreOfferedOneAfterTheOtherFromWhereTheLastProcessWas(t *testing.T) {
	t.Parallel()
	db, err := database.Open(t.Context(), database.Options{URL: embeddedtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := database.Migrate(t.Context(), db, Migrations, "migrations"); err != nil {
		t.Fatal(err)
	}
	next := func(want Round, found bool) {
		t.Helper()
		if r, there, err := NextRound(t.Context(), db.Gorm()); err != nil || there != found || r != want {
			t.Errorf("%+v %v %v, want %+v", r, there, err, want)
		}
	}
	went := func(promotion, through string, done bool) {
		t.Helper()
		if err := Went(t.Context(), db.Gorm(), promotion, through, done); err != nil {
			t.Fatal(err)
		}
	}
	next(Round{}, false)
	err = db.Gorm().Exec(`INSERT INTO promotions (promotion_id, told) VALUES ('a', '{}'), ('b', '{}'), ('c', NULL)`).Error
	if err != nil {
		t.Fatal(err)
	}
	next(Round{"a", ""}, true)
	went("a", "m", false)
	went("a", "f", false) // by a process that was slow
	next(Round{"a", "m"}, true)
	went("a", "m", true)
	next(Round{"b", ""}, true)
	went("b", "", true)
	next(Round{}, false) // the third is not published yet
}
