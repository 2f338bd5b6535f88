package parked_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/engine/parked"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

// row is a parked row as the owner of its partition sees it.
type row struct {
	Number                            int64
	Partition                         int
	Key, Form, Type, ID, Saga, Reason string
	Redrive                           bool
}

// owner plays the engine of a service: it processes what is marked, in order, and can be told what it still cannot process.
type owner struct {
	*testing.T
	name      string
	db        *gorm.DB
	fails     func(r row) (reason string) // nil: nothing does
	processed []row
	most      int // keys that were marked at one moment
}

// newOwner makes a service's database, with leases on four partitions.
func newOwner(t *testing.T, name string) *owner {
	t.Helper()
	db, err := database.Open(t.Context(), database.Options{URL: embeddedtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := database.Migrate(t.Context(), db, engine.Migrations, "engine_version"); err != nil {
		t.Fatal(err)
	}
	o := &owner{T: t, name: name, db: db.Gorm()}
	o.exec(`INSERT INTO engine.lease (partition) SELECT generate_series(0, 3)`)
	return o
}

func services(owners ...*owner) (all parked.Services) {
	for _, o := range owners {
		all = append(all, parked.Service{Name: o.name, DB: o.db})
	}
	return all
}

func (o *owner) exec(sql string, args ...any) {
	o.Helper()
	if err := o.db.Exec(sql, args...).Error; err != nil {
		o.Fatal(err)
	}
}

func (o *owner) count(sql string, args ...any) (n int) {
	o.Helper()
	if err := o.db.Raw(sql, args...).Row().Scan(&n); err != nil {
		o.Fatal(err)
	}
	return n
}

// park parks an event of a key; without a reason it waits.
func (o *owner) park(key, reason string) int64 {
	o.Helper()
	return o.parkAs(row{Key: key, Form: parked.FormEvent, Type: "payment.captured.v1", Reason: reason})
}

const payload = `{"email": "ann@example.com", "amount": 12345678901234567, "lines": [1, 2], ` +
	`"ship_to": {"name": "Ann"}, "ann@example.com": true}`

func (o *owner) parkAs(r row) (number int64) {
	o.Helper()
	if r.ID == "" {
		r.ID = fmt.Sprint("id-", o.count(`SELECT coalesce(max(number), 0) + 1 FROM engine.parked`))
	}
	err := o.db.Raw(`INSERT INTO engine.parked (partition, key, form, type, id, saga, cause, at, data, reason)
		VALUES (abs(hashtext($1)) % 4, $1, $2, $3, $4, $1, 'cause', now(), $5, $6) RETURNING number`,
		r.Key, r.Form, r.Type, r.ID, []byte(payload), r.Reason).Row().Scan(&number)
	if err != nil {
		o.Fatal(err)
	}
	return number
}

// parkMany parks n keys for a reason, each with one event behind, in one statement.
func (o *owner) parkMany(prefix string, n int, reason string) {
	o.Helper()
	o.exec(`INSERT INTO engine.parked (partition, key, form, type, id, saga, cause, at, data, reason)
		SELECT abs(hashtext(k)) % 4, k, 'event', 'payment.captured.v1', 'id-' || k || behind, k, 'cause', now(), '{}',
			CASE WHEN behind = 0 THEN replace($3, '%', k) ELSE '' END
		FROM generate_series(1, $2::int) i, generate_series(0, 1) behind, LATERAL (SELECT $1 || i AS k) names`, prefix, n, reason)
}

// process does what the owners of the partitions do within a second: what is marked, in order, until something fails.
func (o *owner) process() {
	o.Helper()
	var keys []struct {
		Partition int
		Key       string
	}
	o.scan(&keys, `SELECT DISTINCT partition, key FROM engine.parked WHERE redrive`)
	o.most = max(o.most, len(keys))
	for _, k := range keys {
		for o.processNext(k.Partition, k.Key) {
		}
	}
}

func (o *owner) scan(into any, sql string, args ...any) {
	o.Helper()
	if err := o.db.Raw(sql, args...).Scan(into).Error; err != nil {
		o.Fatal(err)
	}
}

// processNext processes the next row of a key, and tells whether to go on.
func (o *owner) processNext(partition int, key string) (more bool) {
	o.Helper()
	err := o.db.Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec(`SELECT pg_advisory_xact_lock($1, $2)`, parked.PartitionLock, partition).Error; err != nil {
			return err
		}
		var rows []row
		err := tx.Raw(`SELECT number, partition, key, form, type, id, saga, reason, redrive FROM engine.parked
			WHERE partition = $1 AND key = $2 AND (form <> 'call' OR redrive) ORDER BY number LIMIT 1`, partition, key).Scan(&rows).Error
		if err != nil || len(rows) == 0 {
			return err
		}
		if o.fails != nil {
			if reason := o.fails(rows[0]); reason != "" {
				if err := tx.Exec(`UPDATE engine.parked SET reason = $2 WHERE number = $1`, rows[0].Number, reason).Error; err != nil {
					return err
				}
				return tx.Exec(`UPDATE engine.parked SET redrive = false WHERE partition = $1 AND key = $2`, partition, key).Error
			}
		}
		more = true
		o.processed = append(o.processed, rows[0])
		return tx.Exec(`DELETE FROM engine.parked WHERE number = $1`, rows[0].Number).Error
	})
	if err != nil {
		o.Fatal(err)
	}
	return more
}

func (o *owner) advance() {
	o.Helper()
	if err := parked.Advance(o.Context(), o.db); err != nil {
		o.Fatal(err)
	}
}

// settle ticks until the redrive does not run any more.
func (o *owner) settle(id string) (r parked.Redrive) {
	o.Helper()
	ctx, cancel := context.WithTimeout(o.Context(), 3*time.Minute)
	defer cancel()
	for {
		o.advance()
		o.process()
		if r = o.get(id); r.State != parked.StateRunning {
			return r
		}
		if ctx.Err() != nil {
			o.Fatalf("still %+v", r)
		}
	}
}

func (o *owner) get(id string) parked.Redrive {
	o.Helper()
	r, err := services(o).Get(o.Context(), id)
	if err != nil {
		o.Fatal(err)
	}
	return r
}

var fast = 1000.0

// redrive asks for one that must be accepted.
func (o *owner) redrive(r parked.Request) parked.Started {
	o.Helper()
	if r.PerSecond == nil {
		r.PerSecond = &fast
	}
	s, err := services(o).Redrive(o.Context(), r, parked.Origin{By: "ann"})
	if err != nil {
		o.Fatal(err)
	}
	return s
}

// group is the only one with this reason.
func (o *owner) group(reason string) parked.Group {
	o.Helper()
	groups, _, err := services(o).Groups(o.Context(), "")
	if err != nil {
		o.Fatal(err)
	}
	for _, g := range groups {
		if g.Reason == reason {
			return g
		}
	}
	o.Fatalf("no group %q in %+v", reason, groups)
	return parked.Group{}
}
