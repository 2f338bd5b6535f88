package engine

import (
	"testing"
	"time"

	"orderflow.example/shared/kafka"
)

// Each process of the service hears each request, one sooner, another later.
func TestMovesAreMadeOnceInTheOrderOfTheTopic(t *testing.T) {
	b := newOutboxBed(t)
	e, err := New(Config{Service: "tally", Partitions: 1, DB: b.database})
	if err == nil {
		err = e.prepare(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	b.do(`INSERT INTO engine.deadline (key, type, partition, id, saga, due_at, since) VALUES ('k', 't', 0, 'id', 's', now() + interval '1 hour', '{}')`)
	now := time.Now().UTC().Truncate(time.Microsecond)
	move := func(offset int64, hours time.Duration) {
		t.Helper()
		due := now.Add(hours * time.Hour)
		m := Moved{ID: "id", Key: "k", Since: "t", DueAt: &due, By: "ann", At: now}
		if err := e.carryOut(t.Context(), &kafka.Record{ID: "request", Offset: offset}, m); err != nil {
			t.Fatal(err)
		}
	}
	due := func(hours time.Duration) {
		t.Helper()
		var at time.Time
		if err := b.db.Raw(`SELECT due_at FROM engine.deadline`).Row().Scan(&at); err != nil {
			t.Fatal(err)
		}
		if !at.Equal(now.Add(hours * time.Hour)) {
			t.Errorf("due in %v, want %d hours", at.Sub(now), hours)
		}
	}
	move(6, 2)
	due(2)
	move(7, 3)
	move(6, 2) // a process that lags
	due(3)
	move(8, 4)
	due(4)
}
