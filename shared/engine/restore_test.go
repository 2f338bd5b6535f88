package engine_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/engine"
)

// lose empties the database of what its own topic tells.
func (b *bed) lose() {
	b.t.Helper()
	b.must(b.db.Gorm().Exec(`TRUNCATE tallies, engine.counter, engine.lease, engine.member, engine.published, engine.outbox,
		engine.call, engine.deadline, engine.series`).Error)
}

// restore brings back what the own topic tells beside the states.
func (b *bed) restore() (questions, deadlines int) {
	b.t.Helper()
	bindings := []engine.Binding{{Machine: b.machine()}}
	work, held := engine.NewOpenWork(bindings), map[int]engine.Held{}
	b.must(database.Transact(b.t.Context(), b.db, func(tx *gorm.DB) error {
		for p := range b.partitions {
			records := b.log(p)
			for i := range records {
				work.Add(engine.EventOf(&records[i]), records[i].Data)
			}
			n := int64(len(records))
			held[p] = engine.Held{Sequence: n, EndNext: n}
			if err := engine.FillOutbox(tx, records); err != nil {
				return err
			}
		}
		return engine.Restore(tx, engine.Restored{Service: b.names.service, Bindings: bindings, Partitions: b.partitions,
			Held: held, Work: work})
	}))
	return work.Counts()
}

func TestADatabaseMadeAnewAsksUnderTheSameIDsBeginningWithAnInquiryAndKeepsItsDeadlines(t *testing.T) {
	b := newBed(t)
	var mu sync.Mutex
	tries := map[string][]int{} // by id
	answers, lost := false, false
	b.ask = func(_ context.Context, a engine.Attempt, asked countedV1) (countedV1, error) {
		mu.Lock()
		defer mu.Unlock()
		tries[a.ID] = append(tries[a.ID], a.Number)
		if a.Restored != lost {
			t.Errorf("question %s, try %d: restored is %v", a.ID, a.Number, a.Restored)
		}
		if !answers && asked.N != 1 {
			return countedV1{}, errors.New("no answer yet")
		}
		return countedV1{asked.N * 10}, nil
	}
	p := b.start()
	key, settled := b.keyOn(0, "a"), b.keyOn(1, "settled")
	b.send(key, sentV1{N: 1, Do: "ask"}, sentV1{N: 2, Do: "ask"}, sentV1{N: 7, Do: "promise"})
	b.send(settled, sentV1{N: 7, Do: "promise"}, sentV1{N: 8, Do: "settle"})
	b.eventually("one question is answered, and all is on the topic", func() bool {
		return len(b.published(b.names.told, key)) == 1 && len(b.published(b.names.asked, key)) == 2 &&
			len(b.published(b.names.promised, key)) == 1 && len(b.published(b.names.settled, settled)) == 1
	})
	var due, id string
	b.must(b.db.Gorm().Raw(`SELECT due_at::text, id FROM engine.deadline WHERE key = $1`, key).Row().Scan(&due, &id))
	p.stop()
	b.lose()
	if questions, deadlines := b.restore(); questions != 1 || deadlines != 1 {
		t.Fatalf("%d questions and %d deadlines are open, want one of each", questions, deadlines)
	}
	if n := b.count(
		`SELECT count(*) FROM engine.deadline WHERE key = $1 AND id = $2 AND abs(extract(epoch FROM due_at - $3::timestamptz)) < 1`,
		key, id, due); n != 1 {
		t.Error("the deadline is not the one that it was, due when it was")
	}
	mu.Lock()
	answers, lost = true, true
	mu.Unlock()
	b.start()
	b.eventually("the other question is answered", func() bool { return equal(b.published(b.names.told, key), []int64{10, 20}) })
	mu.Lock()
	defer mu.Unlock()
	if len(tries) != 2 {
		t.Errorf("%d questions were asked, not two", len(tries))
	}
	for id, numbers := range tries {
		for i := 1; i < len(numbers); i++ {
			if numbers[i] < 2 {
				t.Errorf("question %s was asked anew instead of inquired about: tries %v", id, numbers)
			}
		}
	}
	for p := range b.partitions {
		for i, rec := range b.log(p) {
			if rec.Sequence != int64(i+1) {
				t.Errorf("partition %d has number %d where %d was due", p, rec.Sequence, i+1)
			}
		}
	}
}

func TestANewDatabaseBesideAFullTopicIsRefused(t *testing.T) {
	b := newBed(t)
	p := b.start()
	key := b.keyOn(0, "a")
	b.send(key, sentV1{N: 1})
	b.eventuallyPublished(key, upTo(1))
	p.stop()
	b.lose()
	err := b.process().Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "orderflow replay "+b.names.service+" --apply") {
		t.Errorf("got %v", err)
	}
}

func TestNothingIsCommittedToADatabaseThatHasNoNumbersUntilItHas(t *testing.T) {
	b := newBed(t)
	p := b.start()
	key := b.keyOn(0, "a")
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	b.must(b.db.Gorm().Exec(`TRUNCATE engine.lease, engine.counter, engine.published`).Error)
	for partition := range b.partitions {
		b.send(b.keyOn(partition, "other"), sentV1{N: 1})
	}
	b.eventually("the partitions are left", func() bool { return len(p.Owned()) == 0 })
	_, err := p.Submit(t.Context(), key, b.names.add.Of(add{1}))
	if err == nil || !strings.Contains(err.Error(), "orderflow replay "+b.names.service+" --apply") {
		t.Errorf("got %v", err)
	}
	if n := b.count(`SELECT count(*) FROM tallies`); n != 0 {
		t.Errorf("%d states were kept of events that are nowhere", n)
	}
	b.restore()
	b.eventually("it works again", func() bool {
		_, err := p.Submit(t.Context(), key, b.names.add.Of(add{1}))
		return err == nil
	})
	b.eventuallyPublished(key, upTo(1))
}

func TestNobodyDecidesWhileTheServiceIsHeld(t *testing.T) {
	b := newBed(t)
	p := b.start()
	key := b.keyOn(0, "a")
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	release, err := engine.Hold(t.Context(), b.db, b.partitions)
	b.must(err)
	done := make(chan error, 1)
	go func() { _, err := p.Submit(t.Context(), key, b.names.add.Of(add{1})); done <- err }()
	b.eventually("a batch waits", func() bool {
		return b.count(`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database =
			(SELECT oid FROM pg_database WHERE datname = current_database())`) > 0
	})
	if n := b.count(`SELECT count(*) FROM tallies`); n != 0 {
		t.Errorf("%d states were written", n)
	}
	release()
	b.must(<-done)
	b.eventuallySeen(key, 1)
}
