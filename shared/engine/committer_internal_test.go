package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// sum is what the service of these tests knows of a key; its table refuses one below zero.
type sum struct {
	Key string `gorm:"primaryKey"`
	N   int64
}

func (sum) TableName() string { return "sums" }

type numberV1 struct {
	N int64 `json:"n"`
}

var (
	sent  = saga.Define[numberV1]("feeder.sent.v1")
	added = saga.Define[numberV1]("adder.added.v1")
)

// turnBed is two partitions whose workers have something to do, with nothing that would begin it by itself.
type turnBed struct {
	outboxBed
	e     *Engine
	turns []*turn
}

func newTurnBed(t *testing.T) *turnBed {
	b := &turnBed{outboxBed: newOutboxBed(t)}
	b.do(`CREATE TABLE sums (key text PRIMARY KEY, n bigint NOT NULL CHECK (n >= 0))`)
	machine := saga.Choreography[sum]{
		Service: "adder",
		Blank:   func(key string) sum { return sum{Key: key} },
		Evolve:  func(s sum, e saga.Event) sum { return sum{s.Key, s.N + e.Data.(numberV1).N} },
		Rows:    []saga.Row{saga.On(sent, func(_ sum, e numberV1) []saga.Event { return []saga.Event{added.Of(e)} }, added)},
	}.Machine()
	same := func(s sum) sum { return s }
	store := NewTable(func(key string) sum { return sum{Key: key} }, func(s sum) string { return s.Key }, same, same)
	var err error
	b.e, err = New(Config{Service: "adder", Partitions: 2, DB: b.database, Bindings: []Binding{{Machine: machine, Store: store}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.e.clock.read(t.Context(), b.database), b.e.prepare(t.Context())); err != nil {
		t.Fatal(err)
	}
	b.do(`UPDATE engine.lease SET epoch = 1`)
	for number := range 2 {
		p := newPartition(b.e, number, 1)
		if err := p.load(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.turns = append(b.turns, &turn{w: p.worker, over: make(chan struct{})})
	}
	return b
}

// hear gives each partition's worker one event.
func (b *turnBed) hear(numbers ...int64) {
	for i, n := range numbers {
		key := ""
		for n := 0; key == "" || kafka.PartitionOf(key, 2) != i; n++ {
			key = fmt.Sprintf("key-%d-%d", i, n)
		}
		b.turns[i].w.queue.push(input{form: event, heard: true, record: &kafka.Record{
			Topic: "feeder.events", Partition: i, Key: key, Sequence: 1,
			ID: uuid.NewString(), Type: sent.Name(), Source: "/feeder", Time: time.Now(), Data: fmt.Appendf(nil, `{"n":%d}`, n)}})
	}
}

func (b *turnBed) count(sql string) (n int64) {
	b.Helper()
	if err := b.db.Raw(sql).Row().Scan(&n); err != nil {
		b.Fatal(err)
	}
	return n
}

func TestOneTransactionDoesWhatSeveralPartitionsHaveToDo(t *testing.T) {
	b := newTurnBed(t)
	b.hear(1, 2)
	if n := commitTurns(b.e, b.turns); n != 2 || b.turns[0].err != nil || b.turns[1].err != nil {
		t.Fatalf("%d inputs, %v, %v", n, b.turns[0].err, b.turns[1].err)
	}
	for what, rows := range map[string]string{
		"sums": `sums`, "events": `engine.outbox`, "watermarks": `engine.watermark WHERE topic = 'feeder.events' AND sequence = 1`,
	} {
		if n := b.count(`SELECT count(DISTINCT xmin::text) * 100 + count(*) FROM ` + rows); n != 102 {
			t.Errorf("%s: %d rows of %d transactions, want 2 of 1", what, n%100, n/100)
		}
	}
}

// What fails together is nobody's fault yet: the innocent must not be parked in the place of the guilty.
func TestWhatFailsInACommonTransactionIsTriedApart(t *testing.T) {
	b := newTurnBed(t)
	b.hear(-1, 2)
	commitTurns(b.e, b.turns)
	for i, t := range b.turns {
		if !errors.Is(t.err, errApart) || len(t.batch) != 1 {
			b.Errorf("partition %d: %v with %d inputs", i, t.err, len(t.batch))
		}
	}
	if n := b.count(`SELECT count(*) FROM engine.outbox`); n != 0 {
		t.Errorf("%d events", n)
	}
}

func TestAnOwnerThatWasReplacedSpoilsNoCommonTransaction(t *testing.T) {
	b := newTurnBed(t)
	b.do(`UPDATE engine.lease SET epoch = 2 WHERE partition = 0`)
	b.hear(1, 2)
	commitTurns(b.e, b.turns)
	var errs [2]error
	for i, turn := range b.turns {
		if !errors.Is(turn.err, errApart) {
			t.Fatalf("partition %d: %v", i, turn.err)
		}
		errs[i] = turn.w.commit(turn.batch)
	}
	if !errors.Is(errs[0], errFenced) || errs[1] != nil || b.count(`SELECT sum(n) FROM sums`) != 2 {
		t.Errorf("the former owner: %v, the other one: %v", errs[0], errs[1])
	}
}

func TestACommonTransactionDoesNotWaitLongForALock(t *testing.T) {
	b := newTurnBed(t)
	b.hear(1, 2)
	key := b.turns[0].w.queue.inputs[0].record.Key
	b.do(`INSERT INTO sums VALUES ($1, 5)`, key)
	tx := b.db.Begin()
	defer tx.Rollback()
	if err := tx.Exec(`SELECT FROM sums WHERE key = $1 FOR UPDATE`, key).Error; err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	b.e.Log = slog.New(slog.NewTextHandler(&log, nil))
	commitTurns(b.e, b.turns)
	if !errors.Is(b.turns[1].err, errApart) {
		t.Fatalf("the other partition: %v", b.turns[1].err)
	}
	if !strings.Contains(log.String(), "statement timeout") { // not the end of batchTimeout
		t.Errorf("the common transaction waited for something else: %s", &log)
	}
	if err := b.turns[1].w.commit(b.turns[1].batch); err != nil {
		t.Errorf("apart: %v", err)
	}
}

func TestATransactionGathersUnderLoadUntilThereIsEnoughAndNotForLong(t *testing.T) {
	t.Parallel()
	looked := 0
	gather(busy-1, func() int { looked++; return 0 })
	if looked > 0 {
		t.Error("it waits where there is no load")
	}
	began := time.Now()
	gather(busy, func() int { looked++; return plenty })
	if looked != 1 {
		t.Errorf("there is enough, and it looks %d times", looked)
	}
	gather(busy, func() int { return plenty - 1 })
	if took := time.Since(began); took < linger {
		t.Errorf("it goes on after %v with less than enough", took)
	}
}

func TestWhatNobodyHearsIsNoLoad(t *testing.T) {
	t.Parallel()
	q := newQueue()
	unheard := input{form: event, record: &kafka.Record{}}
	heard, undecodable := unheard, input{form: event, record: &kafka.Record{Malformed: errors.New("no JSON")}}
	heard.heard = true
	q.push(unheard, heard, undecodable, input{form: flush}, input{form: answer})
	if n := q.waiting(); n != 3 {
		t.Errorf("%d of 5 concern somebody, want 3", n)
	}
	q.putBack(q.take(2))
	if n := q.waiting(); n != 3 {
		t.Errorf("after a batch was put back, %d concern somebody", n)
	}
	q.take(5)
	if n := q.waiting(); n != 0 {
		t.Errorf("nothing waits, and %d concern somebody", n)
	}
}
