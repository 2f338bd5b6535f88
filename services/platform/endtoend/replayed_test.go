package endtoend_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"orderflow.example/services/platform/eventlog"
	"orderflow.example/services/platform/replay"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/kafka"
)

// compare rebuilds a service and compares it with the live tables.
func (in *installation) compare(t *testing.T, name string) *replay.Comparison {
	t.Helper()
	r := in.replay(t, name)
	defer r.Close()
	if _, err := r.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, err := r.Compare(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// longest is how many orders in a row may be refused while tables are swapped: one is sent every tenth of a second.
const longest = 20

// traffic places orders until it is stopped, and returns how many were accepted and how many in a row were refused.
func (in *installation) traffic(t *testing.T) (stop func() (taken, refused int)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	var placing sync.WaitGroup
	var taken, inARow, refused int
	placing.Go(func() {
		for tick := time.NewTicker(100 * time.Millisecond); ctx.Err() == nil; <-tick.C {
			name := fmt.Sprint("passer-by-", taken)
			a, err := in.site.Customer(name).Send("POST", "/v1/orders",
				trial.NewBasket(trial.Line{SKU: "survivor", Quantity: 1}), "Idempotency-Key: "+name)
			if err != nil || a.Status >= 500 {
				inARow++
			} else {
				taken, inARow = taken+1, 0
			}
			refused = max(refused, inARow)
		}
	})
	return func() (int, int) { cancel(); placing.Wait(); return taken, refused }
}

func TestAnAlteredAmountIsFoundMendedUnderTrafficAndComesBackWithUndo(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.site.Sell(t, "survivor", price, 10*purchases)
	order := in.site.Buy(t, trial.NewBasket(trial.Line{SKU: "survivor", Quantity: 1}))
	order.Await(t, "completed")
	stop := in.traffic(t)
	payments := in.Host.Databases()["payment"].Gorm()
	if err := payments.Exec(`UPDATE payments SET captured = captured - 1 WHERE order_id = $1`, order.ID).Error; err != nil {
		t.Fatal(err)
	}
	checkAltered := func(when string) {
		t.Helper()
		c := in.compare(t, "payment")
		if len(c.Differences) != 1 || c.Equal() {
			t.Fatalf("%s: %+v", when, c)
		}
		d := c.Differences[0]
		if d.Table != "payments" || d.Kind != "differs" || !slices.Equal(d.Key, []string{order.ID}) || len(d.Columns) != 1 ||
			d.Columns[0].Name != "captured" || string(d.Columns[0].Live) != fmt.Sprint(price-1) ||
			string(d.Columns[0].Rebuilt) != fmt.Sprint(price) {
			t.Errorf("%s: %+v", when, d)
		}
	}
	checkEqual := func(when string) {
		t.Helper()
		if c := in.compare(t, "payment"); !c.Equal() {
			t.Errorf("%s: %+v", when, c)
		}
	}
	checkAltered("before")
	in.apply(t, "payment")
	checkEqual("mended")
	r := in.replay(t, "payment")
	if _, err := r.Undo(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.Close()
	checkAltered("brought back")
	in.apply(t, "payment")
	checkEqual("mended again")
	in.apply(t, "storefront") // its tables are read by all requests
	taken, refused := stop()
	if taken == 0 || refused > longest {
		t.Errorf("%d orders were accepted meanwhile, and %d in a row were refused", taken, refused)
	}
	t.Logf("%d orders were accepted meanwhile, %d in a row were refused", taken, refused)
	in.checkHolds(t)
	in.checkBadInput(t, order.ID)
	in.checkEqual(t)
}

// faulty is a log with one damaged record on one topic.
type faulty struct {
	eventlog.Log
	topic  string
	damage func(records []kafka.Record) []kafka.Record // of those that were fetched
}

func (f faulty) Fetch(ctx context.Context, positions []kafka.Position, wait time.Duration) ([]kafka.Fetched, error) {
	all, err := f.Log.Fetch(ctx, positions, wait)
	for i := range all {
		if all[i].Topic == f.topic {
			all[i].Records = f.damage(slices.Clone(all[i].Records))
		}
	}
	return all, err
}

// checkBadInput checks the errors of a replay for unreadable records, and that it does not touch the live tables.
func (in *installation) checkBadInput(t *testing.T, order string) {
	t.Helper()
	const topic = "payment.events"
	third := func(change func(*kafka.Record)) func([]kafka.Record) []kafka.Record {
		return func(records []kafka.Record) []kafka.Record {
			for i := range records {
				if records[i].Sequence == 3 {
					change(&records[i])
				}
			}
			return records
		}
	}
	for name, c := range map[string]struct {
		damage func([]kafka.Record) []kafka.Record
		says   []string
	}{
		"a hole": {func(records []kafka.Record) []kafka.Record {
			return slices.DeleteFunc(records, func(r kafka.Record) bool { return r.Sequence == 3 })
		}, []string{topic, "hole", "after number 2 comes 4", "orderflow topics repair"}},
		"events beyond the retention": {func(records []kafka.Record) []kafka.Record {
			return slices.DeleteFunc(records, func(r kafka.Record) bool { return r.Sequence < 4 })
		}, []string{topic, "after number 0 comes 4", "--archive"}},
		"an unknown version": {third(func(r *kafka.Record) { r.Type = "payment.captured.v9" }),
			[]string{topic, "number 3", "payment.captured.v9", "use the build"}},
		"a damaged envelope": {third(func(r *kafka.Record) { r.Malformed = fmt.Errorf("header ce_id is missing") }),
			[]string{topic, "number 3", "ce_id"}},
		"a damaged payload": {third(func(r *kafka.Record) { r.Data = []byte(`{"amount":`) }), []string{topic, "number 3"}},
	} {
		r, err := replay.Open(t.Context(), replay.Config{App: app("payment"), Partitions: in.Partitions, Postgres: in.Postgres,
			Fresh: true,
			Log:   faulty{in.kafka, topic, c.damage}, Patience: 100 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.Rebuild(t.Context())
		in.refuses(t, name, err, c.says...)
		r.Close()
	}

	part, err := replay.Open(t.Context(), replay.Config{App: app("payment"), Partitions: in.Partitions, Postgres: in.Postgres,
		Log: in.kafka, Order: "somebody-else", Fresh: true, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = part.Rebuild(t.Context())
	in.refuses(t, "an order of another shop", err, "no event that payment folds or shows is of somebody-else")
	part.Close()
	if part, err = replay.Open(t.Context(), replay.Config{App: app("payment"), Partitions: in.Partitions, Postgres: in.Postgres,
		Log: in.kafka, Order: order, Fresh: true, Logger: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	if _, err := part.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = in.tryReplay(t.Context(), "payment")
	in.refuses(t, "a second replay at once", err, "another replay of payment is under way")
	part.Close()
	whole := in.replay(t, "payment")
	_, err = whole.Rebuild(t.Context())
	in.refuses(t, "a shadow of another replay", err, order, "--fresh")
	whole.Fresh = true
	if _, err := whole.Rebuild(t.Context()); err != nil {
		t.Error(err)
	}
	whole.Fresh = false
	db := in.Host.Databases()["payment"]
	execute(t, db, `UPDATE replay.payments SET captured = captured + 1`)
	execute(t, db, `UPDATE replay.replay_target SET build = 'an earlier one'`)
	if _, err := whole.Rebuild(t.Context()); err != nil {
		t.Error(err)
	}
	if c, err := whole.Compare(t.Context()); err != nil || !c.Equal() {
		t.Errorf("tables that another build began: %+v, %v", c, err)
	}
	execute(t, db, `CREATE FUNCTION replay.write() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$`)
	execute(t, db, `CREATE TRIGGER write BEFORE INSERT OR UPDATE ON replay.replay_progress
		FOR EACH ROW EXECUTE FUNCTION replay.write()`)
	in.site.Buy(t, trial.NewBasket(trial.Line{SKU: "survivor", Quantity: 1})).Await(t, "completed")
	_, err = whole.Compare(t.Context())
	in.refuses(t, "a full disk", err, "the server's disk is full", "live tables are untouched", "run the same command again")
	_, err = whole.Apply(t.Context())
	in.refuses(t, "a full disk", err, "the server's disk is full", "live tables are untouched", "run the same command again")
	execute(t, db, `DROP FUNCTION replay.write CASCADE`)
	if c, err := whole.Compare(t.Context()); err != nil || !c.Equal() {
		t.Errorf("once there was room again: %+v, %v", c, err)
	}
	whole.Close()

	execute(t, db, `INSERT INTO service_version (version_id, is_applied) VALUES (99, true)`)
	_, err = in.tryReplay(t.Context(), "payment")
	in.refuses(t, "tables of another version", err, "payment", "version 99", "use the build")
	execute(t, db, `DELETE FROM service_version WHERE version_id = 99`)
}

func (in *installation) refuses(t *testing.T, what string, err error, says ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", what)
		return
	}
	for _, words := range says {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %q is not in: %v", what, words, err)
		}
	}
}
