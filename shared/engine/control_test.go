package engine

import (
	"testing"
	"time"

	"orderflow.example/shared/kafka"
)

// moveBed is an engine with one deadline, due in an hour.
type moveBed struct {
	outboxBed
	e   *Engine
	now time.Time
}

func newMoveBed(t *testing.T) moveBed {
	b := newOutboxBed(t)
	e, err := New(Config{Service: "tally", Partitions: 1, DB: b.database})
	if err == nil {
		err = e.prepare(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	b.do(`INSERT INTO engine.deadline (key, type, partition, id, saga, due_at, since) VALUES ('k', 't', 0, 'id', 's', $1, '{}')`,
		now.Add(time.Hour))
	return moveBed{b, e, now}
}

// move carries out what stands at the offset of the control topic.
func (b moveBed) move(offset int64, m Moved, hours time.Duration) {
	b.Helper()
	due := b.now.Add(hours * time.Hour)
	m.DueAt, m.By, m.At = &due, "ann", b.now
	if err := b.e.moveOnce(b.Context(), &kafka.Record{ID: "request", Offset: offset}, m); err != nil {
		b.Fatal(err)
	}
}

func (b moveBed) due(hours time.Duration) {
	b.Helper()
	var at time.Time
	if err := b.db.Raw(`SELECT due_at FROM engine.deadline`).Row().Scan(&at); err != nil {
		b.Fatal(err)
	}
	if !at.Equal(b.now.Add(hours * time.Hour)) {
		b.Errorf("due in %v, want %d hours", at.Sub(b.now), hours)
	}
}

// Each process of the service hears each request, one sooner, another later.
func TestMovesAreMadeOnceInTheOrderOfTheTopic(t *testing.T) {
	b, m := newMoveBed(t), Moved{ID: "id", Key: "k", Since: "t"}
	b.move(6, m, 2)
	b.due(2)
	b.move(7, m, 3)
	b.move(6, m, 2) // by a process that lags
	b.due(3)
	b.move(8, m, 4)
	b.due(4)
}

func TestAMoveIsOfOneDeadlineAndNoOther(t *testing.T) {
	b := newMoveBed(t)
	for i, m := range []Moved{{ID: "another", Key: "k", Since: "t"}, {ID: "id", Key: "another", Since: "t"},
		{ID: "id", Key: "k", Since: "another"}} {
		b.move(int64(i), m, 2)
		b.due(1)
	}
}
