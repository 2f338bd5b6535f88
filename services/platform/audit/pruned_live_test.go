package audit_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/services/platform/audit"
	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/trial"
)

// prune deletes from the outboxes of all services what is noted as published, as the engine does past the retention.
func prune(t *testing.T, p *run.Platform) (deleted int64) {
	t.Helper()
	for service, db := range p.Host.Databases() {
		done := db.Gorm().Exec(`WITH p AS (UPDATE engine.published SET pruned = sequence RETURNING partition, pruned)
			DELETE FROM engine.outbox o USING p WHERE o.partition = p.partition AND o.sequence <= p.pruned`)
		if done.Error != nil {
			t.Fatalf("%s: %v", service, done.Error)
		}
		deleted += done.RowsAffected
	}
	return deleted
}

func TestALiveSystemWhoseOutboxesArePrunedHoldsBeforeDuringAndAfter(t *testing.T) {
	t.Parallel()
	p, site := start(t)
	site.Sell(t, "teapot", 1530, 10_000)
	site.Sell(t, "mug", 450, 10_000)
	if r := lookUnderway(t, p); !r.Holds() {
		t.Fatalf("before:\n%s", told(r))
	}
	ctx, stop := context.WithTimeout(t.Context(), 6*time.Second)
	defer stop()
	placed, end := shopping(ctx, t, site, 3)
	deleted := int64(0)
	for ctx.Err() == nil {
		deleted += prune(t, p)
		if r := lookUnderway(t, p); !r.Holds() {
			t.Fatalf("after %d rows were pruned, with orders under way:\n%s", deleted, told(r))
		}
	}
	end()
	trial.Await(t, "the end of every saga", func() (bool, string) {
		r := look(t, p)
		return r.Holds() && r.Open == 0, told(r)
	})
	deleted += prune(t, p)
	if r := lookUnderway(t, p); !r.Holds() || r.Sagas != int(placed.Load()) {
		t.Errorf("after %d rows were pruned, %d orders:\n%s", deleted, placed.Load(), told(r))
	}
	t.Logf("%d orders, %d rows pruned", placed.Load(), deleted)
	loseARow(t, p, site)
}

// loseARow deletes a row that was not pruned, and puts it back.
func loseARow(t *testing.T, p *run.Platform, site *trial.Site) {
	t.Helper()
	site.Buy(t, trial.NewBasket(trial.Line{SKU: "teapot", Quantity: 1})).Await(t, "completed")
	l := looking(t, p)
	if s := next(t, l); !s.Holds || len(s.Breaks) > 0 || s.Error != "" { // it has compared the row by now
		t.Errorf("the ledger: %s", said(s))
	}
	db := p.Host.Databases()["payment"].Gorm()
	for _, statement := range []string{
		`CREATE TABLE lost AS SELECT o.* FROM engine.outbox o JOIN engine.published p USING (partition)
			ORDER BY o.sequence - p.pruned LIMIT 1`,
		`DELETE FROM engine.outbox USING lost WHERE outbox.partition = lost.partition AND outbox.sequence = lost.sequence`,
	} {
		if done := db.Exec(statement); done.Error != nil || done.RowsAffected != 1 {
			t.Fatal(done.Error, done.RowsAffected)
		}
	}
	if r := look(t, p); !slices.Equal(r.Broken(), []string{"topics"}) || !strings.Contains(told(r), "the outbox holds") {
		t.Errorf("a row that was not pruned is gone:\n%s", told(r))
	}
	trial.Await(t, "the lost row as a break", func() (bool, string) {
		s := l.State()
		return slices.ContainsFunc(s.Breaks, func(b audit.Break) bool {
			return b.Kind == "topics" && strings.HasPrefix(b.ID, "payment.events/")
		}), said(s)
	})
	if err := db.Exec(`INSERT INTO engine.outbox SELECT * FROM lost`).Error; err != nil {
		t.Fatal(err)
	}
	if r := lookUnderway(t, p); !r.Holds() {
		t.Errorf("it is back:\n%s", told(r))
	}
	trial.Await(t, "the end of the break", func() (bool, string) {
		s := l.State()
		return s.Holds, said(s)
	})
}
