package endtoend_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/database"
)

// openRunning opens a service's database beside the process that runs in the directory, and as the server's administrator.
func openRunning(t *testing.T, dir, service string) (db, admin *database.DB) {
	t.Helper()
	var where run.Running
	text, err := os.ReadFile(filepath.Join(dir, "running.json"))
	if err == nil {
		err = json.Unmarshal(text, &where)
	}
	if err != nil {
		t.Fatal(err)
	}
	url, err := database.Provision(t.Context(), where.Postgres, service)
	if err != nil {
		t.Fatal(err)
	}
	open := func(url string) *database.DB {
		db, err := database.Open(t.Context(), database.Options{URL: url, MaxConns: 2, AppName: "trial"})
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	return open(url), open(where.Postgres)
}

func execute(t *testing.T, db *database.DB, statement string) {
	t.Helper()
	if err := db.Gorm().WithContext(t.Context()).Exec(statement).Error; err != nil {
		t.Fatal(err)
	}
}

// killAt kills the platform, and with it its Postgres, just before a service changes a table.
func (v *victim) killAt(t *testing.T, service, change, table string, ask func()) {
	t.Helper()
	db, admin := openRunning(t, v.dir, service)
	execute(t, db, "CREATE SEQUENCE held") // a sequence is not rolled back with the change
	execute(t, db, `CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
		'BEGIN IF nextval(''held'') = 1 THEN PERFORM pg_sleep(600); END IF; RETURN new; END'`)
	execute(t, db, "CREATE TRIGGER hold BEFORE "+change+" ON "+table+" FOR EACH ROW EXECUTE FUNCTION hold()")
	asked := make(chan struct{})
	go func() { defer close(asked); ask() }()
	trial.Await(t, "the change of "+table, func() (bool, string) {
		var held int
		err := admin.Gorm().Raw("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'").Row().Scan(&held)
		return held > 0, fmt.Sprint(held, err)
	})
	v.running().Kill()
	<-asked
	if err := errors.Join(db.Close(), admin.Close()); err != nil {
		t.Error(err)
	}
	v.start(t)
	db, admin = openRunning(t, v.dir, service)
	execute(t, db, "DROP FUNCTION hold CASCADE")
	execute(t, db, "DROP SEQUENCE held")
	if err := errors.Join(db.Close(), admin.Close()); err != nil {
		t.Error(err)
	}
}

func TestKilledBetweenTheKeyTheEffectAndTheAnswerARepeatHasItsEffectOnce(t *testing.T) {
	t.Parallel()
	v := &victim{orderflow: filepath.Join(trial.Programs(t, "platform"), "orderflow"), dir: openDir(t)}
	v.start(t)
	key, err := os.ReadFile(filepath.Join(v.dir, ".secrets", "jwt.key"))
	if err != nil {
		t.Fatal(err)
	}
	site := &trial.Site{Key: key, Storefront: func() string { return v.running().Customers },
		Operators: func(string) string { return v.running().Operators }}
	for i, moment := range []struct{ name, service, change, table string }{
		{"the key is taken, the return is not", "storefront", "UPDATE", "orders"},
		{"the return is taken, its answer is not kept", "storefront", "UPDATE", "idempotency_keys"},
	} {
		sku := fmt.Sprint("sent-back-", i)
		site.Sell(t, sku, 1000, 10)
		buyer := site.Buy(t, trial.NewBasket(trial.Line{SKU: sku, Quantity: 5}))
		buyer.Await(t, "completed")
		path, key := "/v1/orders/"+buyer.ID+"/returns", "Idempotency-Key: back"
		body := map[string]any{"lines": []trial.Line{{SKU: sku, Quantity: 1}}, "reason": "broken"}
		v.killAt(t, moment.service, moment.change, moment.table, func() {
			if a, err := site.Customer(buyer.Name).Send("POST", path, body, key); err == nil {
				t.Errorf("%s: answered %d %s", moment.name, a.Status, a.Body)
			}
		})
		first, err := insist(site, buyer.Name, path, body, key)
		if err != nil || first.Status != 202 {
			t.Fatalf("%s: %d %s %v", moment.name, first.Status, first.Body, err)
		}
		again := site.Customer(buyer.Name).Must(t, 202, "POST", path, body, key)
		if again.Body != first.Body || again.Header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s: first %s, then %v %s", moment.name, first.Body, again.Header, again.Body)
		}
		buyer.AwaitOutcome(t, sku, trial.Outcome{Status: "completed", Stock: trial.Free(6),
			Money: trial.Ledger{Authorized: 5000, Captured: 5000, Refunded: 1000}})
		if back := buyer.Order(t).Returns; len(back) != 1 {
			t.Errorf("%s: %d returns", moment.name, len(back))
		}
	}
	for i, moment := range []struct{ name, service, change, table string }{
		{"the key is taken, the goods are not", "warehouse", "INSERT OR UPDATE", "supplies"},
		{"the goods are taken, the answer is not kept", "warehouse", "UPDATE", "idempotency_keys"},
	} {
		sku := fmt.Sprint("received-", i)
		site.Sell(t, sku, 1000, 10)
		body := map[string]any{"items": []any{map[string]any{"sku": sku, "warehouse": "north", "quantity": 5}}}
		receive := func(site *trial.Site) (trial.Answer, error) {
			return site.Operator("warehouse").Send("POST", "/v1/stock/receipts", body, "Idempotency-Key: "+sku)
		}
		v.killAt(t, moment.service, moment.change, moment.table, func() {
			if a, err := receive(site); err == nil && a.Status == 200 {
				t.Errorf("%s: answered %d %s", moment.name, a.Status, a.Body)
			}
		})
		trial.Await(t, "the repeat to be answered", func() (bool, string) {
			a, err := receive(site)
			return err == nil && a.Status == 200, fmt.Sprint(a, err)
		})
		trial.Await(t, "the goods to be there once", func() (bool, string) {
			stock := site.Stock(t, sku)
			return stock == trial.Free(15), fmt.Sprint(stock)
		})
		if a, err := receive(site); err != nil || a.Header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s: %v %v", moment.name, a, err)
		}
	}
	awaitAllEnded(t, site)
	checkHolds(t, v.orderflow, v.dir)
	if code, _ := v.running().Terminate(); code != 0 {
		t.Errorf("SIGTERM: exit code %d: %s", code, v.running().Log())
	}
}
