package engine

import (
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
)

const week = 7 * 24 * time.Hour

// outboxBed is the engine's tables with what a test put into them.
type outboxBed struct {
	*testing.T
	database *database.DB
	db       *gorm.DB
}

func newOutboxBed(t *testing.T) outboxBed {
	t.Helper()
	t.Parallel()
	db, err := database.Open(t.Context(), database.Options{URL: embeddedtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := database.Migrate(t.Context(), db, Migrations, "engine_version"); err != nil {
		t.Fatal(err)
	}
	return outboxBed{t, db, db.Gorm()}
}

func (b outboxBed) do(sql string, args ...any) {
	b.Helper()
	if err := b.db.Exec(sql, args...).Error; err != nil {
		b.Fatal(err)
	}
}

// fill gives a partition these rows, all of one age, and says up to which the topic was seen to hold them.
func (b outboxBed) fill(partition int, from, to int64, age string, published int64) {
	b.Helper()
	b.do(`INSERT INTO engine.outbox (partition, sequence, id, type, key, saga, cause, at, data)
		SELECT $1::int, n, 'event-' || n, 'tally.counted.v1', 'key', 'key', '', now() - $4::text::interval, '{}'
		FROM generate_series($2::bigint, $3::bigint) AS n`, partition, from, to, age)
	b.do(`INSERT INTO engine.published (partition, sequence) VALUES ($1, $2) ON CONFLICT (partition) DO UPDATE SET sequence = $2`,
		partition, published)
}

func (b outboxBed) prune(partition int, upto int64, limit int) int64 {
	b.Helper()
	deleted, err := pruneOutbox(b.Context(), b.db, partition, upto, week, limit)
	if err != nil {
		b.Fatal(err)
	}
	return deleted
}

// holds checks that exactly these numbers are left, and that the highest one deleted is noted.
func (b outboxBed) holds(partition int, from, to, pruned int64) {
	b.Helper()
	var low, high, rows, noted int64
	err := b.db.Raw(`SELECT coalesce(min(sequence), 0), coalesce(max(sequence), 0), count(*),
		(SELECT pruned FROM engine.published WHERE partition = $1) FROM engine.outbox WHERE partition = $1`, partition).
		Row().Scan(&low, &high, &rows, &noted)
	if err != nil {
		b.Fatal(err)
	}
	if want := to - from + 1; low != from || high != to || rows != want && to > 0 || noted != pruned {
		b.Errorf("%d rows from %d to %d are left, pruned is %d; want %d to %d and %d", rows, low, high, noted, from, to, pruned)
	}
}

func TestPruningGoesNoFurtherThanWhatIsOnTheTopic(t *testing.T) {
	b := newOutboxBed(t)
	b.fill(0, 1, 20, "8 days", 15)
	b.fill(1, 1, 20, "8 days", 20)
	if got := b.prune(0, 12, 1000); got != 12 { // the publisher knows of fewer than the checkpoint
		t.Errorf("%d deleted", got)
	}
	b.holds(0, 13, 20, 12)
	if got := b.prune(0, 20, 1000); got != 3 { // and of more
		t.Errorf("%d deleted", got)
	}
	b.holds(0, 16, 20, 15)
	if got := b.prune(0, 20, 1000); got != 0 {
		t.Errorf("%d deleted", got)
	}
	b.holds(0, 16, 20, 15)
	b.holds(1, 1, 20, 0)
}

func TestNothingIsPrunedWhileItIsInDoubtWhatTheTopicHolds(t *testing.T) {
	b := newOutboxBed(t)
	e, err := New(Config{Service: "tally", Partitions: 1, DB: b.database})
	if err != nil {
		t.Fatal(err)
	}
	p := newPartition(e, 0, 1)
	p.publisher.begin(15, 15, 0)
	b.fill(0, 1, 20, "8 days", 15)
	clean := func() {
		t.Helper()
		if err := e.cleanOutbox(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	clean()
	b.holds(0, 1, 20, 0)
	p.publisher.verify = false // it was compared
	clean()
	b.holds(0, 16, 20, 15)
}

func TestPruningStopsAtTheFirstYoungRow(t *testing.T) {
	b := newOutboxBed(t)
	b.fill(0, 1, 10, "7 days 1 minute", 30)
	b.fill(0, 11, 11, "6 days 23 hours", 30)
	b.fill(0, 12, 30, "8 days", 30) // decided by a process whose clock is behind
	if got := b.prune(0, 30, 1000); got != 10 {
		t.Errorf("%d deleted", got)
	}
	b.holds(0, 11, 30, 10)
	b.do(`UPDATE engine.outbox SET at = at - interval '1 day' WHERE sequence = 11`)
	if got := b.prune(0, 30, 1000); got != 20 {
		t.Errorf("%d deleted", got)
	}
	b.holds(0, 0, 0, 30)
}

func TestPruningTakesTheLowestNumbersFirstAFewAtATime(t *testing.T) {
	b := newOutboxBed(t)
	b.fill(0, 1, 25, "8 days", 25)
	for _, pruned := range []int64{10, 20} {
		if got := b.prune(0, 25, 10); got != 10 {
			t.Errorf("%d deleted", got)
		}
		b.holds(0, pruned+1, 25, pruned)
	}
	if got := b.prune(0, 25, 10); got != 5 {
		t.Errorf("%d deleted", got)
	}
	b.holds(0, 0, 0, 25)
}

func TestAnEmptyOutboxIsPrunedOfNothing(t *testing.T) {
	b := newOutboxBed(t)
	if got := b.prune(0, 10, 1000); got != 0 { // no partition either
		t.Errorf("%d deleted", got)
	}
	b.fill(0, 1, 0, "8 days", 0)
	if got := b.prune(0, 10, 1000); got != 0 {
		t.Errorf("%d deleted", got)
	}
	b.holds(0, 0, 0, 0)
}

func TestTwoProcessesThatPruneTheSamePartitionDeleteEachRowOnce(t *testing.T) {
	b := newOutboxBed(t)
	const rows = 1000
	b.fill(0, 1, rows, "8 days", rows)
	var all sync.WaitGroup
	var deleted [2]int64
	for i := range deleted {
		all.Go(func() {
			for {
				n, err := pruneOutbox(t.Context(), b.db, 0, rows, week, 30)
				if err != nil {
					t.Error(err)
				}
				if deleted[i] += n; n == 0 {
					return
				}
			}
		})
	}
	all.Wait()
	if deleted[0]+deleted[1] != rows {
		t.Errorf("%v deleted of %d", deleted, rows)
	}
	b.holds(0, 0, 0, rows)
}

func TestPruningReadsNoMoreOfTheOutboxThanItDeletes(t *testing.T) {
	b := newOutboxBed(t)
	for partition := range 2 {
		b.fill(partition, 1, 50_000, "8 days", 50_000)
		b.fill(partition, 50_001, 60_000, "1 day", 60_000)
	}
	for _, statement := range []string{`SELECT`, `ANALYZE engine.outbox`} { // what the planner knows must not matter
		b.do(statement)
		err := b.db.Transaction(func(tx *gorm.DB) error {
			scans, read := b.reads(tx)
			for range 7 {
				if n, err := pruneOutbox(t.Context(), tx, 1, 60_000, week, 1000); n != 1000 || err != nil {
					t.Errorf("%d deleted, %v", n, err)
				}
			}
			scansThen, readThen := b.reads(tx)
			if scans, read = scansThen-scans, readThen-read; scans > 0 || read < 7000 || read > 3*7000 {
				t.Errorf("after %s: %d scans of the whole table, %d rows read to delete 7000", statement, scans, read)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	b.holds(1, 14_001, 60_000, 14_000)
}

// reads are what the session has read of the outbox lately, in scans of the whole table and rows by index.
func (b outboxBed) reads(tx *gorm.DB) (scans, rows int64) {
	b.Helper()
	err := tx.Raw(`SELECT seq_scan, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relid = 'engine.outbox'::regclass`).Row().
		Scan(&scans, &rows)
	if err != nil {
		b.Fatal(err)
	}
	return scans, rows
}
