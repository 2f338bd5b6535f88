package endtoend_test

import (
	"crypto/rand"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/services"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/database"
	"orderflow.example/shared/service"
)

// witnesses are the books of the world outside: what was asked of it twice has two rows, or more of a kind.
var witnesses = []string{"gateway_book", "carrier_labels", "floor_picks", "floor_purchases", "mails"}

// outside is the content of the witnesses, by name.
func (in *installation) outside(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, name := range witnesses {
		var sum string
		err := in.world(t).Gorm().Raw(`SELECT count(*) || ' rows ' || md5(coalesce(string_agg(t::text, ' ' ORDER BY t::text), ''))
			FROM ` + name + ` t`).Row().Scan(&sum)
		if err != nil {
			t.Fatal(err)
		}
		found[name] = sum
	}
	return found
}

func (in *installation) world(t *testing.T) *database.DB {
	t.Helper()
	if in.sim == nil {
		url, err := database.Provision(t.Context(), in.Postgres, run.World)
		if err != nil {
			t.Fatal(err)
		}
		if in.sim, err = database.Open(t.Context(), database.Options{URL: url, MaxConns: 2, AppName: "trial"}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { in.sim.Close() })
	}
	return in.sim
}

// settle waits until every event was consumed and every call answered, so that nothing moves any more but deadlines.
func (in *installation) settle(t *testing.T) {
	t.Helper()
	var before string
	trial.Await(t, "everything to be consumed and answered", func() (bool, string) {
		numbers, marks, calls := map[string]int64{}, map[string]map[string]int64{}, 0
		for _, app := range services.All {
			db := in.Host.Databases()[app.Name].Gorm()
			if err := gather(db.Raw(`SELECT partition::text, sequence FROM engine.counter`).Rows, func(at string, n int64) {
				numbers[app.Topic()+"/"+at] = n
			}); err != nil {
				return false, err.Error()
			}
			marks[app.Name] = map[string]int64{}
			err := gather(db.Raw(`SELECT topic || '/' || partition, sequence FROM engine.watermark`).Rows, func(at string, n int64) {
				marks[app.Name][at] = n
			})
			if err != nil {
				return false, err.Error()
			}
			var open int
			if err := db.Raw(`SELECT count(*) FROM engine.call`).Row().Scan(&open); err != nil {
				return false, err.Error()
			}
			calls += open
		}
		for name, all := range marks {
			for at, n := range all {
				if n < numbers[at] {
					return false, fmt.Sprintf("%s is at %d of %s, which has %d", name, n, at, numbers[at])
				}
			}
		}
		now := fmt.Sprint(numbers, in.outside(t))
		same := now == before
		before = now
		return calls == 0 && same, fmt.Sprintf("%d calls are open; %s", calls, now)
	})
}

// trade lets happen whatever the shop knows: each table of each service gets rows of it.
func (in *installation) trade(t *testing.T, round string) {
	t.Helper()
	const sku = "survivor"
	site := in.site
	key := func() string { return "Idempotency-Key: " + rand.Text() }
	keen := "keen-" + round
	site.Customer(keen).Must(t, 200, "PUT", "/v1/me/preferences", map[string]any{"channels": []string{"mail"}, "promotions": true,
		"locale": "de", "email": keen + "@example.com"})
	for _, body := range []map[string]any{{"kind": "view", "sku": sku}, {"kind": "cart", "sku": sku},
		{"kind": "search", "query": "mug"}} {
		site.Customer(keen).Must(t, 202, "POST", "/v1/interactions", body)
	}
	trial.Await(t, "the audience", func() (bool, string) {
		a, err := site.Operator("notification").Send("POST", "/v1/promotions",
			map[string]any{"title": "Mugs", "text": "All mugs cost less."}, key())
		return err == nil && a.Status == 202, fmt.Sprint(a, err)
	})
	in.buy(t, "trader-"+round, 20)

	disputed := trial.NewBasket(trial.Line{SKU: sku, Quantity: 1})
	disputed.PaymentToken, disputed.ShipTo.Line1 = "tok_card_chargeback_"+round, "Disputed Road, "+round
	charged := site.Buy(t, disputed)
	lost := trial.NewBasket(trial.Line{SKU: sku, Quantity: 1})
	lost.ShipTo.Postcode = "LOST 1"
	site.Buy(t, lost)
	back := site.BuyAs(t, keen, trial.NewBasket(trial.Line{SKU: sku, Quantity: 3}))
	back.Await(t, "completed")
	back.Return(t, trial.Line{SKU: sku, Quantity: 1})
	site.Operator("refund").Must(t, 202, "POST", "/v1/orders/"+back.ID+"/refunds",
		map[string]any{"goodwill": 5, "reason": "late"}, key())
	trial.Await(t, "the end of the dispute", func() (bool, string) {
		book := site.Operator("world").Must(t, 200, "GET", "/sim/gateway/book?order="+charged.ID, nil)
		return strings.Contains(book.Body, "chargeback_reversed") || strings.Contains(book.Body, "dispute_lost"), book.Body
	})
	awaitAllEnded(t, site)
	day := time.Now().UTC().Format(time.DateOnly)
	site.Operator("reporting").Must(t, 202, "POST", "/v1/reports/daily/"+day+"/settlement", nil)
	in.checkHolds(t)
	in.settle(t)
}

// never are tables without rows in the trade: the first has those that a file of rules fills.
var never = []string{"rule_sets"}

func TestEveryServiceIsRebuiltAsItIsUnderFaultsAndNothingOutsideIsAskedAgain(t *testing.T) {
	t.Parallel()
	in := installWith(t, run.Options{Faults: true}, service.Settings{"smtp-url": "simulated", "promotion-rate": 500.0,
		"interactions": 100})
	in.site.Sell(t, "survivor", price, 10*purchases)
	in.trade(t, "before")
	before := in.outside(t)
	for name, rows := range before {
		if name != "floor_purchases" && strings.HasPrefix(rows, "0 ") {
			t.Errorf("%s is empty: that nothing is asked again is not seen", name)
		}
	}
	for _, app := range services.All {
		c := in.compare(t, app.Name)
		if !c.Equal() {
			t.Errorf("%s: %+v", app.Name, c)
		}
		for _, table := range c.Tables {
			if table.Live != table.Rebuilt || table.Rows == 0 && !slices.Contains(never, table.Table) {
				t.Errorf("%s: %+v", app.Name, table)
			}
		}
		if a := in.apply(t, app.Name); a.Restored != nil {
			t.Errorf("%s: its database is whole, and was restored: %+v", app.Name, a.Restored)
		}
	}
	in.settle(t)
	if after := in.outside(t); !maps.Equal(after, before) {
		t.Errorf("outside was %v, and is %v once every service was rebuilt", before, after)
	}
	in.trade(t, "after")
	in.checkEqual(t)
}

// joins has a customer want promotions.
func (in *installation) joins(t *testing.T, name string) {
	t.Helper()
	in.site.Customer(name).Must(t, 200, "PUT", "/v1/me/preferences", map[string]any{"channels": []string{"mail"}, "promotions": true,
		"locale": "en", "email": name + "@example.com"})
}

// promotes publishes a promotion once so many customers want promotions, and waits until it has ended.
func (in *installation) promotes(t *testing.T, title string, audience int) {
	t.Helper()
	trial.Await(t, "the audience", func() (bool, string) {
		var n int
		err := in.Host.Databases()["notification"].Gorm().Raw(`SELECT count(*) FROM customers WHERE promoted`).Row().Scan(&n)
		return err == nil && n == audience, fmt.Sprint(n, err)
	})
	in.site.Operator("notification").Must(t, 202, "POST", "/v1/promotions",
		map[string]any{"title": title, "text": title + " cost less."}, "Idempotency-Key: "+title)
	trial.Await(t, "the end of the promotion", func() (bool, string) {
		var open int
		err := in.Host.Databases()["notification"].Gorm().Raw(`SELECT count(*) FROM promotions WHERE NOT ended`).Row().Scan(&open)
		return err == nil && open == 0, fmt.Sprint(open, err)
	})
	in.settle(t)
}

func TestNothingIsMailedAgainOnceTheDatabaseOfMessagesWasLost(t *testing.T) {
	t.Parallel()
	in := installWith(t, run.Options{}, service.Settings{"smtp-url": "simulated", "promotion-rate": 500.0})
	in.site.Sell(t, "survivor", price, 10*purchases)
	in.joins(t, "early")
	in.promotes(t, "Mugs", 1)
	// The mail server has taken the mail, and that is not noted yet.
	notifications := in.Host.Databases()["notification"]
	execute(t, notifications, `CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
		'BEGIN PERFORM pg_sleep(600); RETURN new; END'`)
	execute(t, notifications, `CREATE TRIGGER hold BEFORE UPDATE ON handed_over FOR EACH ROW EXECUTE FUNCTION hold()`)
	in.site.Buy(t, trial.NewBasket(trial.Line{SKU: "survivor", Quantity: 1}))
	trial.Await(t, "a mail to be taken", func() (bool, string) {
		var held int
		err := in.admin.Gorm().Raw("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'").Row().Scan(&held)
		return err == nil && held > 0, fmt.Sprint(held, err)
	})
	in.published(t, "notification")
	in.drop(t, "notification")
	in.apply(t, "notification")
	in.joins(t, "late")
	in.promotes(t, "Bags", 2)
	in.checkHolds(t)
	in.settle(t)
	var promoted int
	err := in.world(t).Gorm().Raw(`SELECT count(*) FROM mails WHERE recipient = 'late@example.com'`).Row().Scan(&promoted)
	if err != nil || promoted != 1 {
		t.Errorf("who came after the first promotion was mailed %d promotions: %v", promoted, err)
	}
	var twice, unknown int
	err = in.world(t).Gorm().Raw(
		`SELECT count(*) FROM (SELECT FROM mails GROUP BY message_id HAVING count(*) > 1) m`).Row().Scan(&twice)
	if err != nil || twice > 0 {
		t.Errorf("%d mails were sent twice: %v", twice, err)
	}
	err = in.Host.Databases()["notification"].Gorm().Raw(
		`SELECT count(*) FROM engine.outbox WHERE data->>'reason' = 'outcome_unknown'`).Row().Scan(&unknown)
	if err != nil || unknown != 1 {
		t.Errorf("of %d mails the outcome is unknown: %v", unknown, err)
	}
	in.checkEqual(t)
}

// gather passes each row of a text and a number.
func gather(query func() (*sql.Rows, error), each func(string, int64)) error {
	rows, err := query()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var n int64
		if err := rows.Scan(&name, &n); err != nil {
			return err
		}
		each(name, n)
	}
	return rows.Err()
}
