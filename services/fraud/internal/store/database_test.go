package store

import (
	"context"
	"reflect"
	"testing"
	"time"

	"gorm.io/gorm"

	"orderflow.example/services/fraud"
	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/saga"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

func open(t *testing.T) *gorm.DB {
	t.Helper()
	ctx := context.Background()
	db, err := database.Open(ctx, database.Options{URL: embeddedtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := database.Migrate(ctx, db, Migrations, "migrations"); err != nil {
		t.Fatal(err)
	}
	return db.Gorm()
}

func TestOpenReviewsAreListedInOrderAndSavedCasesReadBackUnchanged(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), open(t)
	since := time.Date(2030, 1, 2, 3, 4, 5, 6000, time.UTC)
	review := func(order string) fraud.Case {
		return fraud.Case{Order: order, Status: fraud.InReview, Score: 45, Rules: []string{"amount"}, Since: since}
	}
	cases := []fraud.Case{review("c"), {Order: "b", Status: fraud.Cleared, By: "rules"}, review("a"), review("d")}
	states := Cases().Memory()
	for _, c := range cases {
		states.Put(saga.Event{Key: c.Order}, c)
	}
	if err := states.Save(db); err != nil {
		t.Fatal(err)
	}
	for _, want := range cases {
		if got, err := Of(ctx, db, want.Order); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("read back %+v (%v)\nwant %+v", got, err, want)
		}
	}
	if got, err := Of(ctx, db, "unknown"); err != nil || !reflect.DeepEqual(got, fraud.Blank("unknown")) {
		t.Errorf("an unknown order is %+v (%v)", got, err)
	}
	for after, want := range map[string][]fraud.Case{"": {cases[2], cases[0]}, "a": {cases[0], cases[3]}, "d": {}} {
		if got, err := Open(ctx, db, after, 2); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("open after %q: %+v (%v)\nwant %+v", after, got, err, want)
		}
	}
}
