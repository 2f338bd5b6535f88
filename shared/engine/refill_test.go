package engine_test

import (
	"errors"
	"testing"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
)

// publishing is an engine that only publishes.
func (b *bed) publishing() *engine.Engine {
	b.t.Helper()
	e, err := engine.New(engine.Config{Service: b.names.service, Partitions: b.partitions, DB: b.db, Kafka: b.client})
	b.must(err)
	b.must(e.StartPublishing(b.t.Context()))
	return e
}

// said has a process say these numbers, and stops it when they are on the topic.
func (b *bed) said(key string, numbers ...int64) {
	b.t.Helper()
	p := b.start()
	b.must(p.AwaitOwned(b.t.Context(), b.partitions))
	for _, n := range numbers {
		_, err := p.Submit(b.t.Context(), key, b.names.add.Of(add{n}))
		b.must(err)
	}
	b.eventuallyPublished(key, numbers)
	b.eventually("that is written down", func() bool {
		return b.count(`SELECT sequence FROM engine.published WHERE partition = 0`) == numbers[len(numbers)-1]
	})
	p.stop()
}

func TestALostTopicIsFilledWhileTheServiceDoesNotRunAndNothingElseIsDone(t *testing.T) {
	b := newBed(t)
	key := b.keyOn(0, "a")
	b.said(key, upTo(10)...)
	b.send(key, sentV1{N: 99}) // nobody is there to hear it
	lost := b.log(0)
	b.rewrite(b.names.service, func([]kafka.Record) []kafka.Record { return nil })
	e := b.publishing()
	b.eventuallyPublished(key, upTo(10))
	for i, rec := range b.log(0) {
		if was := lost[i]; rec.ID != was.ID || rec.Sequence != was.Sequence || rec.TraceParent != was.TraceParent ||
			string(rec.Data) != string(was.Data) {
			t.Errorf("published again is %+v, and it was %+v", rec, was)
		}
	}
	b.must(e.Stop(t.Context()))
	if n := b.count(`SELECT count(*) FROM engine.lease WHERE owner <> ''`); n != 0 {
		t.Errorf("%d partitions are still taken", n)
	}
	if n := b.count(`SELECT count(*) FROM engine.outbox`); n != 10 {
		t.Errorf("%d events, not 10: something was decided", n)
	}
	b.start()
	b.eventuallySeen(key, append(upTo(10), 99)...)
	b.eventuallyPublished(key, append(upTo(10), 99))
}

func TestWhatWasPrunedIsFilledInWholeOrNotAtAllAndPublishedInFront(t *testing.T) {
	b := newBed(t)
	key := b.keyOn(0, "a")
	b.said(key, upTo(10)...)
	all := b.log(0)
	b.must(b.db.Gorm().Exec(`DELETE FROM engine.outbox WHERE sequence <= 6`).Error)
	b.must(b.db.Gorm().Exec(`UPDATE engine.published SET pruned = 6 WHERE partition = 0`).Error)
	b.rewrite(b.names.service, func([]kafka.Record) []kafka.Record { return nil })
	broken := errors.New("the archive is damaged")
	for name, fill := range map[string]func(upto int64, pass func([]kafka.Record) error) error{
		"an archive that breaks": func(_ int64, pass func([]kafka.Record) error) error { return errors.Join(pass(all[:3]), broken) },
		"an archive that ends":   func(_ int64, pass func([]kafka.Record) error) error { return pass(all[:4]) },
		"an archive with a hole": func(_ int64, pass func([]kafka.Record) error) error {
			return errors.Join(pass(all[:2]), pass(all[3:6]))
		},
		"an archive that is empty": func(int64, func([]kafka.Record) error) error { return nil },
	} {
		if err := engine.FillPruned(t.Context(), b.db, 0, 1, fill); err == nil {
			t.Errorf("%s: filled in", name)
		}
	}
	if n := b.count(`SELECT count(*) FROM engine.outbox`); n != 4 {
		t.Fatalf("the outbox has %d events, not 4", n)
	}
	b.must(engine.FillPruned(t.Context(), b.db, 0, 1, func(upto int64, pass func([]kafka.Record) error) error {
		if upto != 6 {
			t.Errorf("asked for numbers up to %d, not 6", upto)
		}
		return errors.Join(pass(all[:2]), pass(all[2:6]))
	}))
	e := b.publishing()
	b.eventuallyPublished(key, upTo(10))
	for i, rec := range b.log(0) {
		if rec.Sequence != int64(i+1) || rec.ID != all[i].ID {
			t.Errorf("at offset %d stands number %d, %s", i, rec.Sequence, rec.ID)
		}
	}
	b.must(e.Stop(t.Context()))
}

func TestPublishersAloneDoNotBringADatabaseLevelThatIsBehindItsTopic(t *testing.T) {
	b := newBed(t)
	key := b.keyOn(0, "a")
	b.said(key, upTo(10)...)
	b.loseTail(key, 7)
	e := b.publishing()
	b.must(e.AwaitOwned(t.Context(), b.partitions))
	b.must(e.Stop(t.Context()))
	if n := b.count(`SELECT sequence FROM engine.counter WHERE partition = 0`); n != 7 {
		t.Errorf("its counter is %d: numbers were given without the states", n)
	}
}

func TestARunningServiceIsAskedToFillItsTopic(t *testing.T) {
	b := newBed(t)
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	key := b.keyOn(0, "a")
	for _, n := range upTo(10) {
		_, err := p.Submit(t.Context(), key, b.names.add.Of(add{n}))
		b.must(err)
	}
	b.eventuallyPublished(key, upTo(10))
	if runs, err := engine.Runs(t.Context(), b.db); err != nil || !runs {
		t.Errorf("it is not seen to run: %v", err)
	}
	b.rewrite(b.names.service, func(old []kafka.Record) []kafka.Record { return old[:4] })
	b.eventually("it is filled", func() bool { // an idle publisher would look by itself, and later
		b.must(engine.RequestRepair(t.Context(), b.client, b.names.service+".events", 0, 5))
		return equal(b.published(b.names.counted, key), upTo(10))
	})
	p.stop()
	if runs, err := engine.Runs(t.Context(), b.db); err != nil || runs {
		t.Errorf("it is seen to run: %v", err)
	}
}
