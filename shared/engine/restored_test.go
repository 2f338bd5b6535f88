package engine_test

import (
	"testing"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga"
)

// The tally counts whatever it is sent, as often as it is: it remembers nothing by which it could tell a repeat.
func TestARestoredServiceDoesNotDecideAgainWhatItHasAnswered(t *testing.T) {
	b := newBed(t)
	p := b.start()
	key := b.keyOn(1, "lost")
	b.send(key, sends(upTo(5))...)
	b.send(key, sentV1{N: 100, Do: "ignore"}, sentV1{N: 101, Do: "ask"})
	b.eventuallyPublished(key, upTo(5))
	b.eventually("the answer is said", func() bool { return len(b.published(b.names.told, key)) == 1 })
	p.stop()
	execAll := func(statements ...string) {
		t.Helper()
		for _, s := range statements {
			b.must(b.db.Gorm().Exec(s).Error)
		}
	}
	execAll(`DO $$ DECLARE name text; BEGIN
		FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'engine' LOOP
			EXECUTE 'TRUNCATE engine.' || name || ' CASCADE'; END LOOP; END $$`)
	work := engine.NewOpenWork([]engine.Binding{{Machine: b.machine(), Store: store()}})
	held := map[int]engine.Held{}
	tx := b.db.Gorm().Begin()
	for n := range b.partitions {
		own := b.log(n)
		for _, rec := range own {
			work.Add(engine.EventOf(&rec), rec.Data)
		}
		held[n] = engine.Held{Sequence: int64(len(own)), EndNext: int64(len(own))}
		b.must(engine.FillOutbox(tx, own))
	}
	b.must(engine.Restore(tx, engine.Restored{Service: b.names.service,
		Bindings: []engine.Binding{{Machine: b.machine(), Store: store()}}, Partitions: b.partitions, Held: held, Work: work}))
	b.must(tx.Commit().Error)
	b.start()
	b.send(key, sentV1{N: 6})
	b.eventuallySeen(key, upTo(6)...)
	b.eventuallyPublished(key, upTo(6))
	for kind, want := range map[saga.Kind]int{b.names.asked: 1, b.names.told: 1} {
		if got := b.published(kind, key); len(got) != want {
			t.Errorf("%s is said %d times", kind.Name(), len(got))
		}
	}
	if left := b.count(`SELECT count(*) FROM engine.answered`); left != 0 {
		t.Errorf("%d inputs are still waited for", left)
	}
}
