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
	went := func(promotion, through string) {
		t.Helper()
		if err := Went(t.Context(), db.Gorm(), promotion, through); err != nil {
			t.Fatal(err)
		}
	}
	ended := func(promotion string) {
		t.Helper()
		if err := db.Gorm().Exec(`UPDATE promotions SET ended = true WHERE promotion_id = ?`, promotion).Error; err != nil {
			t.Fatal(err)
		}
	}
	next(Round{}, false)
	err = db.Gorm().Exec(`INSERT INTO promotions (promotion_id, told) VALUES ('a', '{}'), ('b', '{}'), ('c', NULL)`).Error
	if err != nil {
		t.Fatal(err)
	}
	next(Round{"a", "", false}, true)
	went("a", "m")
	went("a", "f") // by a process that was slow
	next(Round{"a", "m", false}, true)
	ended("a")
	next(Round{"b", "", false}, true)
	if err := db.Gorm().Exec(`INSERT INTO rounds VALUES ('b', 'z', true)`).Error; err != nil { // as an earlier build noted its end
		t.Fatal(err)
	}
	next(Round{"b", "z", true}, true)
	ended("b")
	next(Round{}, false) // the third is not published yet
}
