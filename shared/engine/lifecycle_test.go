package engine_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"orderflow.example/shared/engine"
)

func TestAPartitionTakenAnewWhileTheBrokerIsAwayStillPublishes(t *testing.T) {
	b := newBed(t)
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	key := b.keyOn(0, "a")
	_, err := p.Submit(t.Context(), key, b.names.add.Of(add{1}))
	b.must(err)
	b.eventuallyPublished(key, upTo(1))
	p.link.freeze(true)
	_, err = p.Submit(t.Context(), key, b.names.add.Of(add{2}))
	b.must(err)
	p.base.lose.Store(1) // one answer to COMMIT is lost, with its connection
	if _, err = p.Submit(t.Context(), key, b.names.add.Of(add{3})); err == nil {
		t.Fatal("the answer was not lost")
	}
	b.eventually("it is taken anew", func() bool { return b.count(`SELECT epoch FROM engine.lease WHERE partition = 0`) == 2 })
	b.eventually("it is worked on", func() bool { return len(p.Owned()) == b.partitions })
	p.link.freeze(false)
	_, err = p.Submit(t.Context(), key, b.names.add.Of(add{4}))
	b.must(err)
	b.eventually("all that is committed is on the topic",
		func() bool { return equal(b.published(b.names.counted, key), b.seen(key)) })
	if seen := b.seen(key); seen[len(seen)-1] != 4 {
		t.Errorf("seen %v", seen)
	}
}

func TestALeaseSessionThatTheServerEndsReturnsNoLocksToThePool(t *testing.T) {
	b := newBed(t)
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	for _, sql := range []string{
		`CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
		 $$ BEGIN RAISE EXCEPTION 'disk full' USING ERRCODE = '53100'; END $$`,
		`CREATE TRIGGER full_disk BEFORE UPDATE ON engine.member FOR EACH ROW EXECUTE FUNCTION full_disk()`,
	} {
		b.must(b.db.Gorm().Exec(sql).Error)
	}
	b.eventually("the session is lost", func() bool { return len(p.Owned()) == 0 })
	b.must(b.db.Gorm().Exec(`DROP TRIGGER full_disk ON engine.member`).Error)
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	held := `SELECT count(DISTINCT pid) FROM pg_locks l WHERE locktype = 'advisory' AND classid = 28518
		AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`
	b.eventually("one session holds all locks", func() bool { return b.count(held) == 1 })
	for range 8 {
		c, err := p.db.Pool().Conn(t.Context())
		b.must(err)
		defer c.Close()
		var locks int
		b.must(
			c.QueryRowContext(t.Context(),
				`SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory' AND classid = 28518`).Scan(&locks))
		if locks > 0 {
			t.Error("a session of the pool holds the lock of a lease")
		}
	}
	second := b.start()
	b.eventually("a second process has its share", func() bool { return len(p.Owned()) == 1 && len(second.Owned()) == 1 })
}

func TestATakeOverWaitsForTheTransactionThatItsDeadOwnerHadSent(t *testing.T) {
	b := newBed(t)
	first := b.start()
	b.must(first.AwaitOwned(t.Context(), b.partitions))
	key := b.keyOn(0, "a")
	_, err := first.Submit(t.Context(), key, b.names.add.Of(add{1}))
	b.must(err)
	b.eventuallyPublished(key, upTo(1))
	second := b.start()
	b.eventually("the partitions are shared", func() bool { return len(first.Owned()) == 1 && len(second.Owned()) == 1 })
	owner, heir := first, second
	if first.Owned()[0] != 0 {
		owner, heir = second, first
	}
	// The batch of a command, as an owner writes it, whose process is killed while the server still works on it.
	conn, err := b.db.Pool().Conn(t.Context())
	b.must(err)
	defer conn.Close()
	sql := fmt.Sprintf(`BEGIN;
		SELECT pg_advisory_xact_lock(28519, 0);
		INSERT INTO engine.call (id, partition, type, key, saga, at, asked)
			VALUES ('019ae000-0000-7000-8000-000000000001', 0, '%[2]s', '%[1]s', '%[1]s', now(), '{"n":5}');
		UPDATE engine.counter SET sequence = sequence + 1 WHERE partition = 0;
		INSERT INTO engine.outbox (partition, sequence, id, type, key, saga, cause, via, at, data)
			VALUES (0, 2, '019ae000-0000-7000-8000-000000000001', '%[2]s', '%[1]s', '%[1]s', '', '', now(), '{"n":5}');
		INSERT INTO engine.parked (partition, key, form, type, id, saga, cause, at, data, reason)
			VALUES (0, '%[3]s', 'event', 'x', 'x', '', '', now(), '', 'x');
		SELECT count(*) FROM pg_sleep(1.5);
		COMMIT`, key, b.names.asked.Name(), b.keyOn(0, "parked"))
	sent := make(chan error, 1)
	go func() {
		sent <- conn.Raw(func(d any) error { return d.(*stdlib.Conn).Conn().PgConn().Exec(t.Context(), sql).Close() })
	}()
	b.eventually("it is under way", func() bool {
		return b.count(`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 28519 AND objid = 0 AND granted
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`) == 1
	})
	owner.kill()
	b.must(heir.AwaitOwned(t.Context(), b.partitions))
	b.must(<-sent)
	if _, err := heir.Submit(t.Context(), b.keyOn(0, "parked"), b.names.add.Of(add{1})); !errors.Is(err, engine.ErrParked) {
		t.Errorf("a command about a key that it parked: %v; want ErrParked", err)
	}
	b.eventually("the question is asked", func() bool { return b.count(`SELECT count(*) FROM engine.call`) == 0 })
	b.eventually("all is published", func() bool { return len(b.log(0)) == 3 })
}

func TestACommandAboutAParkedKeyIsRefusedByEveryProcess(t *testing.T) {
	b := newBed(t)
	first, second := b.start(), b.start()
	b.eventually("the partitions are shared", func() bool { return len(first.Owned()) == 1 && len(second.Owned()) == 1 })
	key := b.keyOn(0, "a")
	b.send(key, sentV1{N: 1}, sentV1{N: 2, Do: "poison"}, sentV1{N: 3})
	b.eventually("parked", func() bool { return b.count(`SELECT count(*) FROM engine.parked`) == 2 })
	for name, p := range map[string]*process{"first": first, "second": second} {
		if _, err := p.Submit(t.Context(), key, b.names.add.Of(add{9})); !errors.Is(err, engine.ErrParked) {
			t.Errorf("%s (owns %v, key in 0): %v; want ErrParked", name, p.Owned(), err)
		}
	}
	if seen := b.seen(key); !equal(seen, upTo(1)) {
		t.Errorf("seen %v while 2 and 3 are parked", seen)
	}
}

func TestWhatSomebodyElseTookOutOfParkedIsNotWaitedForAnyMore(t *testing.T) {
	b := newBed(t)
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	key := b.keyOn(0, "a")
	b.send(key, sentV1{N: 1, Do: "poison"})
	b.eventually("parked", func() bool { return b.count(`SELECT count(*) FROM engine.parked`) == 1 })
	for _, sql := range []string{`DELETE FROM engine.parked`, `UPDATE engine.lease SET parked_version = parked_version + 1`} {
		b.must(b.db.Gorm().Exec(sql).Error)
	}
	b.send(key, sentV1{N: 2})
	b.eventuallySeen(key, 2)
}

func TestAnotherNumberOfPartitionsIsRefusedAtTheStart(t *testing.T) {
	b := newBed(t)
	b.start().stop()
	e, err := engine.New(engine.Config{Service: b.names.service, Bindings: []engine.Binding{{Machine: b.machine(), Store: store()}},
		Answerers: []engine.Answerer{engine.Answer(b.names.question, b.ask)}, Partitions: 8, DB: b.db, Kafka: b.client})
	b.must(err)
	err = e.Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "2 partitions, not 8") || !strings.Contains(err.Error(), "--partitions 2") {
		t.Errorf("got %v", err)
	}
	if n := b.count(`SELECT count(*) FROM engine.counter`); n != 2 {
		t.Errorf("%d partitions in the tables", n)
	}
}

func TestTimesAreTheDatabasesAndNotThisMachines(t *testing.T) {
	b := newBed(t)
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	key := b.keyOn(0, "a")
	var before, after, at time.Time
	b.must(b.db.Gorm().Raw(`SELECT clock_timestamp()`).Row().Scan(&before))
	out, err := p.Submit(t.Context(), key, b.names.add.Of(add{1}))
	b.must(err)
	b.must(b.db.Gorm().Raw(`SELECT clock_timestamp()`).Row().Scan(&after))
	if at = out.Emitted[0].Time; at.Before(before.Add(-50*time.Millisecond)) || at.After(after.Add(50*time.Millisecond)) {
		t.Errorf("decided at %v, between %v and %v by the database", at, before, after)
	}
}
