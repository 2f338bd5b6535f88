package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"orderflow.example/shared/engine"
)

// stops waits until a partition is reported to stand still, and tells why.
func (b *bed) stops(p *process, partition int) (reason string) {
	b.t.Helper()
	b.eventuallyReported("it stands still", partition, func(p engine.PartitionProgress) bool {
		if p.Stopped != nil {
			reason = p.Stopped.Reason
		}
		return p.Stopped != nil
	})
	if err := p.Check(b.t.Context()); err == nil ||
		!strings.Contains(err.Error(), fmt.Sprintf("partition %d stands still", partition)) {
		b.t.Errorf("the check says %v", err)
	}
	if n := b.count(`SELECT count(*) FROM engine.parked`); n != 0 {
		b.t.Errorf("%d parked", n)
	}
	return reason
}

func (b *bed) goesOn(p *process, partition int) {
	b.t.Helper()
	b.eventuallyReported("it goes on", partition, func(p engine.PartitionProgress) bool { return p.Stopped == nil })
	if n := b.count(`SELECT count(*) FROM engine.parked`); n != 0 {
		b.t.Errorf("%d parked", n)
	}
	b.eventually("nothing stands still", func() bool { return p.Check(b.t.Context()) == nil })
}

func TestAFaultOfTheInstallationParksNobody(t *testing.T) {
	for name, fault := range map[string][2]string{
		"a column that a newer build renamed": {`ALTER TABLE tallies RENAME COLUMN sum TO total`,
			`ALTER TABLE tallies RENAME COLUMN total TO sum`},
		"a right that is missing": {`ALTER TABLE tallies RENAME TO away`, `ALTER TABLE away RENAME TO tallies`},
		"an error inside the server": {`CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS
			$$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'XX000'; END $$;
			CREATE TRIGGER broken BEFORE INSERT OR UPDATE ON tallies FOR EACH ROW EXECUTE FUNCTION broken()`,
			`DROP TRIGGER broken ON tallies`},
		"a full disk": {`CREATE FUNCTION full() RETURNS trigger LANGUAGE plpgsql AS
			$$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '53100'; END $$;
			CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON tallies FOR EACH ROW EXECUTE FUNCTION full()`,
			`DROP TRIGGER full_disk ON tallies`},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			p := b.start()
			b.must(p.AwaitOwned(t.Context(), b.partitions))
			exec := func(sql string) {
				for one := range strings.SplitSeq(sql, ";\n") {
					b.must(b.db.Gorm().Exec(one).Error)
				}
			}
			exec(fault[0])
			var keys []string
			for i := range 50 {
				keys = append(keys, b.keyOn(0, fmt.Sprintf("k%d", i)))
				b.send(keys[i], sentV1{N: 1})
			}
			if reason := b.stops(p, 0); reason == "" {
				t.Error("no reason is given")
			}
			soon, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if _, err := p.Submit(soon, keys[0], b.names.add.Of(add{2})); !errors.Is(err, engine.ErrStopped) {
				t.Errorf("a command meanwhile: %v", err)
			}
			exec(fault[1])
			for _, key := range keys {
				b.eventuallySeen(key, 1)
			}
			b.goesOn(p, 0)
		})
	}
}

// The table is locked for longer than its statements may take, again and again.
func TestAStatementThatTakesTooLongParksNothing(t *testing.T) {
	b := newBed(t)
	b.must(b.db.Gorm().
		Exec(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET statement_timeout = 700', current_database()); END $$`).Error)
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	key, other := b.keyOn(0, "a"), b.keyOn(0, "b")
	b.send(key, sentV1{N: 1})
	b.eventuallySeen(key, 1)
	conn, err := b.db.Pool().Conn(t.Context())
	b.must(err)
	defer conn.Close()
	for _, sql := range []string{`BEGIN`, `SET idle_in_transaction_session_timeout = 0`,
		`LOCK TABLE tallies IN ACCESS EXCLUSIVE MODE`} {
		_, err := conn.ExecContext(t.Context(), sql)
		b.must(err)
	}
	b.send(key, sends(upTo(20))...)
	if reason := b.stops(p, 0); !strings.Contains(reason, "statement timeout") {
		t.Errorf("it stands still because of %s", reason)
	}
	_, err = conn.ExecContext(t.Context(), `COMMIT`)
	b.must(err)
	b.send(other, sentV1{N: 1})
	b.eventuallySeen(other, 1)
	b.eventuallySeen(key, append([]int64{1}, upTo(20)...)...)
	b.goesOn(p, 0)
}

func TestAStoreThatPanicsParksWhatItCannotConvertAndNothingElse(t *testing.T) {
	b := newBed(t)
	b.must(b.db.Gorm().Exec(`INSERT INTO tallies (key, seen, sum) VALUES ($1, '[13]', 13)`, b.keyOn(0, "bad")).Error)
	p := b.start(func(c *engine.Config) {
		c.Bindings[0].Store = storeWith(func(seen []int64) {
			if len(seen) > 0 && seen[0] == 13 {
				_ = seen[len(seen)] // what a conversion that expects another shape does
			}
		})
	})
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	b.send(b.keyOn(0, "bad"), sentV1{N: 1})
	for i := range 5 {
		b.send(b.keyOn(0, fmt.Sprint("good", i)), sentV1{N: 1})
	}
	b.eventually("the bad one is parked", func() bool {
		return b.count(`SELECT count(*) FROM engine.parked WHERE reason LIKE '%index out of range%'`) == 1
	})
	for i := range 5 {
		b.eventuallySeen(b.keyOn(0, fmt.Sprint("good", i)), 1)
	}
	if n := b.count(`SELECT count(*) FROM engine.parked`); n != 1 {
		t.Errorf("%d parked", n)
	}
	b.eventually("nothing stands still", func() bool { return p.Check(t.Context()) == nil })
}

func TestARowThatCannotBeReadParksOnlyWhatNeedsIt(t *testing.T) {
	b := newBed(t)
	bad, good := b.keyOn(0, "bad"), b.keyOn(0, "good")
	b.must(b.db.Gorm().Exec(`INSERT INTO tallies (key, seen, sum) VALUES ($1, '{"not": "a list"}', 0)`, bad).Error)
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	b.send(bad, sentV1{N: 1})
	b.send(good, sends(upTo(5))...)
	b.eventuallySeen(good, upTo(5)...)
	b.eventually("the bad one is parked", func() bool {
		return b.count(`SELECT count(*) FROM engine.parked WHERE key = $1 AND reason <> ''`, bad) == 1
	})
	if n := b.count(`SELECT count(*) FROM engine.parked`); n != 1 {
		t.Errorf("%d parked", n)
	}
}

func TestADatabaseThatIsReadOnlyForAWhileParksNothing(t *testing.T) {
	b := newBed(t)
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	key := b.keyOn(0, "a")
	set := func(value string) {
		b.must(b.db.Gorm().Exec(fmt.Sprintf(`DO $$ BEGIN
			EXECUTE format('ALTER DATABASE %%I SET default_transaction_read_only = %s', current_database()); END $$`, value)).Error)
		b.must(b.db.Gorm().Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()`).Error)
	}
	// The test's own session stays writable.
	b.must(b.db.Gorm().Exec(`SELECT 1`).Error)
	b.db.Pool().SetMaxOpenConns(1)
	set("on")
	b.send(key, sends(upTo(10))...)
	b.eventually("it is seen", func() bool {
		return p.metric("orderflow_partitions_stopped") > 0 && p.metric("orderflow_lag_seconds", b.names.feeder+".events") > 1
	})
	set("off")
	b.eventuallySeen(key, upTo(10)...)
	b.eventually("all is well again", func() bool { return p.metric("orderflow_partitions_stopped") == 0 })
	if n := b.count(`SELECT count(*) FROM engine.parked`); n != 0 {
		t.Errorf("%d parked", n)
	}
}
