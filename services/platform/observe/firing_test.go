//go:build alerts

package observe_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"orderflow.example/services/platform/observe"
	"orderflow.example/services/platform/observe/prometheus"
	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

// faster is the factor by which the windows of the alerts are shorter than in production: an hour is two minutes. Values
// that a metric measures in seconds are not scaled.
const faster = 30

// fault is a fault that makes alerts fire on a running installation.
type fault struct {
	alerts []string
	make   func(t *testing.T, b *bench)
	mend   func(t *testing.T, b *bench)
}

// bench is an installation with a part for each service, under load, and a Prometheus that scrapes it.
type bench struct {
	*trial.Parts
	*prometheus.Server
	bad  sync.Map // bad baskets, ordered beside good ones, by name
	undo func()   // undoes the current fault
}

func TestEveryAlertFiresInAFaultMadeForItAndResolves(t *testing.T) {
	b := start(t)
	covered := map[string]bool{}
	for _, f := range faults() {
		t.Run(strings.Join(f.alerts, " "), func(t *testing.T) {
			began := time.Now()
			f.make(t, b)
			b.await(t, true, f.alerts)
			fired := time.Since(began)
			f.mend(t, b) // also if it did not fire: the next fault needs a healthy installation
			b.await(t, false, f.alerts)
			b.recover(t)
			t.Logf("fired after %.0f s, resolved %.0f s later", fired.Seconds(), (time.Since(began) - fired).Seconds())
		})
		for _, name := range f.alerts {
			covered[name] = true
		}
	}
	for _, a := range observe.Alerts() {
		if !covered[a.Name] {
			t.Errorf("no fault is made for %s", a.Name)
		}
	}
}

// recover waits until an order is taken and carried out again. The orders that a fault left waiting would delay the next fault,
// and its alert, by minutes on a slow machine.
func (b *bench) recover(t *testing.T) {
	t.Helper()
	buyer := &trial.Buyer{Site: b.Site, Name: fmt.Sprint("after-", time.Now().UnixNano())}
	trial.Await(t, "an order is taken", func() (bool, string) {
		a, err := b.Site.Customer(buyer.Name).Send("POST", "/v1/orders", good(), "Idempotency-Key: "+buyer.Name)
		if err == nil && a.Status == http.StatusAccepted {
			buyer.ID = trial.Read[trial.Order](t, a).ID
		}
		return buyer.ID != "", fmt.Sprint(a.Status, err)
	})
	buyer.Await(t, "completed")
}

// await waits until all of the alerts fire, or none of them does.
func (b *bench) await(t *testing.T, fires bool, alerts []string) {
	t.Helper()
	left := slices.Clone(alerts)
	for end := time.Now().Add(4 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		firing, err := b.Firing(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// Each has to fire at some time, but not all at the same time; all must be resolved at once.
		if fires {
			left = slices.DeleteFunc(left, func(name string) bool { return firing[name] })
		} else {
			left = slices.DeleteFunc(slices.Clone(alerts), func(name string) bool { return !firing[name] })
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Errorf("%v: firing was to become %v; firing are %v", left, fires, firing)
			return
		}
	}
}

func start(t *testing.T) *bench {
	t.Helper()
	mail := unused(t)
	b := &bench{Parts: trial.StartParts(t, 100, func(c *service.Config) {
		*c = c.With(service.Settings{"backlog": 10 * time.Second, "world-mail-addr": mail, "smtp-url": "smtp://" + mail,
			"public-url": "https://shop.example.com"})
	})}
	text, err := observe.Rules(faster)
	if err != nil {
		t.Fatal(err)
	}
	// Ten minutes without a check of the ledger are too long for a test; it usually checks every 15 seconds.
	text = strings.ReplaceAll(text, "> 600", "> 40")
	var targets []string
	for _, app := range run.Apps {
		targets = append(targets, b.relay(t, app.Name))
	}
	b.Server, err = prometheus.Start(t.Context(), prometheus.Config{Script: root + "scripts/prometheus.sh", Dir: t.TempDir(),
		Job:     observe.Job,
		Targets: targets, Interval: 2 * time.Second, Rules: text})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Stop)
	b.Site.Sell(t, "tea", 500, 900_000)
	b.Site.Sell(t, "SHORT-1", 500, 900_000)
	b.Site.Sell(t, "sold-out", 500, 1)
	b.Site.Buy(t, trial.NewBasket(trial.Line{SKU: "sold-out", Quantity: 1})).Await(t, "completed")
	b.load(t)
	return b
}

// relay is a fixed address for the metrics of a service, wherever it runs; without metrics while it does not run.
func (b *bench) relay(t *testing.T, name string) string {
	server := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		if to, err := url.Parse(b.Site.Operators(name)); err == nil {
			r.SetURL(to)
		}
	}, ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }})
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// load orders good baskets all the time, and with each one of every current kind of bad baskets.
func (b *bench) load(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	t.Cleanup(func() { cancel(); done.Wait() })
	order := func(basket trial.Basket) {
		n := fmt.Sprint(time.Now().UnixNano())
		_, _ = b.Site.Customer("customer-"+n).Send("POST", "/v1/orders", basket, "Idempotency-Key: "+n) // also while it is refused
	}
	done.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			go order(good())
			b.bad.Range(func(_, basket any) bool {
				go order(basket.(trial.Basket))
				return true
			})
		}
	})
}

func good() trial.Basket { return trial.NewBasket(trial.Line{SKU: "tea", Quantity: 1}) }

// ordered is a fault in the baskets that are ordered.
func ordered(alert string, change func(*trial.Basket)) fault {
	return fault{[]string{alert}, func(_ *testing.T, b *bench) {
		basket := good()
		change(&basket)
		b.bad.Store(alert, basket)
	}, func(_ *testing.T, b *bench) { b.bad.Delete(alert) }}
}

func faults() []fault {
	return []fault{
		{[]string{"OutsideFailing"}, func(_ *testing.T, b *bench) { b.Gate.Shut("/sim/gateway") }, func(_ *testing.T,
			b *bench) {
			b.Gate.Open()
		}},
		ordered("PaymentsDeclined", func(o *trial.Basket) { o.PaymentToken = "tok_declined" }),
		ordered("CapturesFailing", func(o *trial.Basket) { o.PaymentToken = "tok_capture_fails" }),
		ordered("FraudRejections", func(o *trial.Basket) { o.Email = "x@fraud.example" }),
		ordered("StockOuts", func(o *trial.Basket) { o.Lines[0].SKU = "sold-out" }),
		ordered("ShortPicks", func(o *trial.Basket) { o.Lines[0].SKU = "SHORT-1" }),
		ordered("ParcelsLost", func(o *trial.Basket) { o.ShipTo.Postcode = "LOST 1" }),
		ordered("MessagesFailing", func(o *trial.Basket) { o.Email = "bounce@example.com" }),
		{[]string{"RefundsFailing"}, func(_ *testing.T, b *bench) {
			b.Gate.Refuse("/sim/gateway/v1/refunds", "exceeds_captured")
			basket := good()
			basket.ShipTo.Postcode = "LOST 1"
			b.bad.Store("RefundsFailing", basket)
		}, func(_ *testing.T, b *bench) { b.Gate.Open(); b.bad.Delete("RefundsFailing") }},
		{[]string{"TargetDown"}, func(t *testing.T, b *bench) { b.Pause(t, "catalog") }, func(t *testing.T,
			b *bench) {
			b.Resume(t, "catalog")
		}},
		{[]string{"EventsParked"}, park, func(t *testing.T, b *bench) { b.undo() }},
		{[]string{"ConservationBroken"}, pennies(-1), pennies(1)},
		{[]string{"LedgerBlind"}, func(t *testing.T, b *bench) {
			b.Damage(t, "catalog", `ALTER TABLE engine.watermark RENAME TO mislaid`)
		}, func(t *testing.T, b *bench) { b.Damage(t, "catalog", `ALTER TABLE engine.mislaid RENAME TO watermark`) }},
		{[]string{"AlarmRaised"}, intrude, func(*testing.T, *bench) {}},
		{[]string{"OutboxStalled"}, loseTopic, func(t *testing.T, b *bench) { b.undo() }},
		{[]string{"PartitionsStopped", "ConsumerLagging", "SagasStuck", "AnswersLateFast", "AnswersLateSlow"},
			lock, func(t *testing.T, b *bench) { b.undo() }},
		{[]string{"OrdersShed"}, func(t *testing.T, b *bench) {
			b.Pause(t, "order")
			for i := range 20 {
				b.bad.Store(fmt.Sprint("more ", i), good())
			}
		}, func(t *testing.T, b *bench) {
			for i := range 20 {
				b.bad.Delete(fmt.Sprint("more ", i))
			}
			b.Resume(t, "order")
		}},
		{[]string{"RefundsOwed"}, refuseForGood, func(_ *testing.T, b *bench) { b.Gate.Open() }},
		{[]string{"DiscrepanciesFound"}, settle(`amount = amount - 7`), settle(`amount = amount + 7`)},
		{[]string{"SettlementsRefused"}, settle(`currency = lower(currency)`), settle(`currency = upper(currency)`)},
		{[]string{"InvoicesWithheld"}, misprice, func(*testing.T, *bench) {}}, // the last: those orders stay without invoices
	}
}

// refuseForGood lets the gateway refuse a refund each time it is asked, and the days between pass at once.
func refuseForGood(t *testing.T, b *bench) {
	b.Gate.Refuse("/sim/gateway/v1/refunds", "card_closed")
	basket := good()
	basket.ShipTo.Postcode = "LOST 1"
	buyer := b.Site.Buy(t, basket)
	trial.Await(t, "the refund is owed", func() (bool, string) {
		b.Damage(t, "refund", `UPDATE engine.deadline SET due_at = now() WHERE key = $1 AND type = 'refund.failed.v1'`, buyer.ID)
		answer, err := b.Site.Operator("refund").Send("GET", "/v1/orders/"+buyer.ID+"/refunds", nil)
		return err == nil && strings.Contains(answer.Body, `"owed"`), fmt.Sprint(answer.Body, err)
	})
}

// settle changes the first capture in the gateway's book, of which its settlement files are made, and has them read.
func settle(change string) func(*testing.T, *bench) {
	return func(t *testing.T, b *bench) {
		book := b.Database(t, run.World).Gorm()
		const first = ` WHERE seq = (SELECT min(seq) FROM gateway_book WHERE kind = 'captured')`
		if err := book.Exec(`UPDATE gateway_book SET ` + change + first).Error; err != nil {
			t.Fatal(err)
		}
		var day time.Time
		if err := book.Raw(`SELECT at FROM gateway_book` + first).Row().Scan(&day); err != nil {
			t.Fatal(err)
		}
		b.Site.Operator("reporting").Must(t, 202, "POST", "/v1/reports/daily/"+day.UTC().Format(time.DateOnly)+"/settlement", nil)
	}
}

// misprice changes the currency of all orders that wait for their captures, in the invoice service's table.
func misprice(t *testing.T, b *bench) {
	b.Gate.Shut("/sim/gateway/v1/captures")
	b.Site.Buy(t, good()).Await(t, "preparing")
	b.Pause(t, "invoice")
	if err := b.Database(t, "invoice").Gorm().Exec(`UPDATE invoices SET currency = 'XTS' WHERE captured_in = ''`).Error; err != nil {
		t.Fatal(err)
	}
	b.Resume(t, "invoice")
	b.Gate.Open()
}

// park gives inventory an impossible event: goods leave for an order without a reservation.
func park(t *testing.T, b *bench) {
	b.Gate.Shut("/sim/gateway/v1/captures")
	buyer := b.Site.Buy(t, good())
	buyer.Await(t, "preparing")
	const set = `UPDATE reservations SET status = $1 WHERE order_id = $2`
	b.Damage(t, "inventory", set, "released", buyer.ID)
	b.Gate.Open()
	b.undo = func() {
		b.Damage(t, "inventory", set, "reserved", buyer.ID)
		b.Site.Operator("inventory").Must(t, 202, "POST", "/v1/parked/redrive", map[string]any{"all": true, "reason": "trial"},
			"Idempotency-Key: firing")
	}
}

// pennies changes the captured amount of one order in the payment service's table.
func pennies(n int) func(*testing.T, *bench) {
	return func(t *testing.T, b *bench) {
		b.Damage(t, "payment", fmt.Sprintf(`UPDATE payments SET captured = captured + (%d)
			WHERE order_id = (SELECT min(order_id) FROM payments WHERE status = 'captured')`, n))
	}
}

// intrude writes a record of another source to a service's topic. The alarm about it expires after ten minutes.
func intrude(t *testing.T, b *bench) {
	record := kafka.Record{Key: "nobody", ID: "foreign", Type: "order.confirmed.v1", Source: "/somebody", Sequence: 1,
		Time: time.Now(), Data: []byte("{}")}
	batch := kafka.Batch{Topic: "order.events", Partition: 0, Records: []kafka.Record{record}}
	if ack := b.Kafka(t).NewProducer().Publish(t.Context(), []kafka.Batch{batch})[0]; ack.Err != nil {
		t.Fatal(ack.Err)
	}
}

// loseTopic deletes the catalogue's topic while it has events to publish.
func loseTopic(t *testing.T, b *bench) {
	client := b.Kafka(t)
	if err := client.DeleteTopics(t.Context(), "catalog.events"); err != nil {
		t.Fatal(err)
	}
	b.Site.Operator("catalog").Must(t, 200, "POST", "/v1/products", map[string]any{"items": []any{
		map[string]any{"sku": "late", "description": "Goods of a trial", "backorderable": false,
			"price": map[string]any{"amount": 100, "currency": "GBP"}}}})
	b.undo = func() {
		if _, err := client.CreateTopics(t.Context(), []kafka.TopicSpec{{Name: "catalog.events", Partitions: 4}}); err != nil {
			t.Fatal(err)
		}
	}
}

// lock locks a table that the fraud service writes with every batch, for as long as needed.
func lock(t *testing.T, b *bench) {
	db := b.Database(t, "fraud")
	ctx, cancel := context.WithCancel(context.Background())
	held := make(chan error, 1)
	go func() {
		held <- db.Gorm().WithContext(ctx).Exec(
			`DO $$ BEGIN LOCK TABLE engine.watermark IN ACCESS EXCLUSIVE MODE; PERFORM pg_sleep(600); END $$`).Error
	}()
	b.undo = func() {
		cancel()
		<-held
	}
}
