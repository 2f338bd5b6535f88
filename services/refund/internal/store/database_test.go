package store

import (
	"strings"
	"testing"

	"orderflow.example/services/refund"
	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/saga"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

func TestOpenRefundsAreListedFromTheIndexAlone(t *testing.T) {
	t.Parallel()
	db, err := database.Open(t.Context(), database.Options{URL: embeddedtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := database.Migrate(t.Context(), db, Migrations, "migrations"); err != nil {
		t.Fatal(err)
	}
	states := Refunds().Memory()
	for order, status := range map[string]refund.Status{"a": refund.Owed, "b": refund.Issued, "c": refund.Failed, "d": refund.Owed,
		"e": refund.Pending, "f": refund.Noted} {
		states.Put(saga.Event{Key: order}, refund.Refund{Order: order, Claims: []refund.Claim{{Reason: "lost", Status: status}}})
	}
	if err := states.Save(db.Gorm()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		status refund.Status
		after  string
		limit  int
		want   string
	}{
		{refund.Owed, "", 9, "ad"}, {refund.Owed, "", 1, "a"}, {refund.Owed, "a", 9, "d"}, {refund.Owed, "d", 9, ""},
		{refund.Failed, "", 9, "c"}, {refund.Pending, "", 9, "e"},
	} {
		found, err := With(t.Context(), db.Gorm(), c.status, c.after, c.limit)
		got := ""
		for _, r := range found {
			if got += r.Order; len(r.Claims) != 1 || r.Claims[0].Status != c.status {
				t.Errorf("%s has %+v, want one that is %s", r.Order, r.Claims, c.status)
			}
		}
		if err != nil || got != c.want {
			t.Errorf("%d that are %s after %q: %q, %v; want %q", c.limit, c.status, c.after, got, err, c.want)
		}
	}
	tx := db.Gorm().Begin()
	defer tx.Rollback()
	for _, c := range []string{"SET LOCAL enable_seqscan = off", "ALTER TABLE refunds DROP CONSTRAINT refunds_pkey"} {
		if err := tx.Exec(c).Error; err != nil {
			t.Fatal(err)
		}
	}
	for status := range open {
		var plan []string
		err := tx.Raw("EXPLAIN SELECT * FROM refunds WHERE " + open[status] + " AND order_id > ''").Scan(&plan).Error
		if err != nil || !strings.Contains(strings.Join(plan, "\n"), "refunds_open") {
			t.Errorf("%s: %v, planned as\n%s", status, err, strings.Join(plan, "\n"))
		}
	}
	if _, err := With(t.Context(), db.Gorm(), refund.Issued, "", 9); err == nil {
		t.Error("those that are issued are listed without an index")
	}
}
