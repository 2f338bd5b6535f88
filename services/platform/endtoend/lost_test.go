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

	"orderflow.example/services/platform/audit"
	"orderflow.example/services/platform/replay"
	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/services"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/database"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

// installation is a platform in this process whose databases are lost and rebuilt.
type installation struct {
	*run.Platform
	site   *trial.Site
	admin  *database.DB
	kafka  *kafka.Client
	shared bool         // the broker is also that of other tests
	sim    *database.DB // of the simulated world, once it is asked for
}

func install(t *testing.T) *installation {
	t.Helper()
	return installWith(t, run.Options{}, service.Settings{})
}

func installWith(t *testing.T, o run.Options, own service.Settings) *installation {
	t.Helper()
	brokers := trial.Kafka(t)
	c := trial.Config(openDir(t), 20).With(own)
	c.Kafka = brokers
	ctx, cancel := context.WithTimeout(t.Context(), trial.Patience)
	defer cancel()
	o.Log = slog.New(slog.DiscardHandler) // lost databases cause many log lines
	p, err := run.Start(ctx, c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	in := &installation{Platform: p, shared: brokers != nil, kafka: kafka.Dial(kafka.Config{Brokers: p.Kafka, ClientID: "trial"})}
	t.Cleanup(in.kafka.Close)
	if in.site, err = trial.Whole(p); err != nil {
		t.Fatal(err)
	}
	if in.admin, err = database.Open(t.Context(), database.Options{URL: p.Postgres, MaxConns: 2, AppName: "trial"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.admin.Close() })
	return in
}

// drop drops a service's database, in use or not.
func (in *installation) drop(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		execute(t, in.admin, "DROP DATABASE orderflow_"+name+" WITH (FORCE)")
	}
}

// replay opens a replay of a service.
func (in *installation) replay(t *testing.T, name string) *replay.Replay {
	t.Helper()
	r, err := in.tryReplay(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func (in *installation) tryReplay(ctx context.Context, name string) (*replay.Replay, error) {
	return replay.Open(ctx, replay.Config{App: app(name), Partitions: in.Partitions, Postgres: in.Postgres,
		Log: in.kafka, Missing: true, Logger: slog.New(slog.DiscardHandler)})
}

func app(name string) service.App {
	for _, a := range services.All {
		if a.Name == name {
			return a
		}
	}
	panic("there is no service " + name)
}

// apply rebuilds a service and swaps the rebuilt tables in.
func (in *installation) apply(t *testing.T, name string) *replay.Applied {
	t.Helper()
	r := in.replay(t, name)
	defer r.Close()
	if _, err := r.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	a, err := r.Apply(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// checkHolds checks every invariant on the data itself, once every saga has ended.
func (in *installation) checkHolds(t *testing.T) {
	t.Helper()
	awaitAllEnded(t, in.site)
	trial.Await(t, "the end of every saga", func() (bool, string) {
		r, err := audit.Run(t.Context(), audit.Config{Kafka: in.kafka, Apps: run.Apps, Databases: in.Host.Databases(),
			Partitions: in.Partitions, Book: audit.BookAt(in.WorldURL), Patience: 5 * time.Second})
		if err != nil {
			return false, err.Error()
		}
		var told strings.Builder
		r.Print(&told)
		return r.Holds() && r.Open == 0, told.String()
	})
}

// checkEqual rebuilds every service beside its live tables and compares them.
func (in *installation) checkEqual(t *testing.T) {
	t.Helper()
	for _, app := range services.All {
		r := in.replay(t, app.Name)
		_, err := r.Rebuild(t.Context())
		var c *replay.Comparison
		if err == nil {
			c, err = r.Compare(t.Context())
		}
		r.Close()
		switch {
		case err != nil:
			t.Errorf("%s: %v", app.Name, err)
		case !c.Equal() || len(c.Tables) == 0:
			t.Errorf("%s: %+v", app.Name, c)
		}
	}
}

// published waits until all events of the service are on its topic.
func (in *installation) published(t *testing.T, name string) {
	t.Helper()
	trial.Await(t, "the outbox of "+name+" to be published", func() (bool, string) {
		var waiting int
		err := in.Host.Databases()[name].Gorm().Raw(`SELECT count(*) FROM engine.counter c JOIN engine.published p USING (partition)
			WHERE p.sequence < c.sequence`).Row().Scan(&waiting)
		return err == nil && waiting == 0, fmt.Sprint(waiting, err)
	})
}

var fates = []string{"tok_ok", "tok_timeout", "tok_slow", "tok_declined", "tok_capture_fails"}

// buy places so many orders by customers who retry; a fourth of them cancels.
func (in *installation) buy(t *testing.T, who string, n int) []purchase {
	t.Helper()
	all := make([]purchase, n)
	var clients sync.WaitGroup
	for i := range all {
		p := &all[i]
		p.customer, p.cancels, p.after = fmt.Sprint(who, "-", i), i%4 == 3, time.Duration(i)*10*time.Millisecond
		p.basket = trial.NewBasket(trial.Line{SKU: "survivor", Quantity: int64(1 + i%3)})
		p.basket.PaymentToken = fates[i%len(fates)]
		clients.Go(func() {
			if err := p.place(in.site); err != nil {
				t.Error(err)
			}
		})
	}
	clients.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return all
}

func TestOrdersInFlightEndAlthoughADatabaseIsLostAndRebuiltFromTheTopics(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.site.Sell(t, "survivor", price, 10*purchases)
	var all []purchase
	for _, lost := range [][]string{{"payment"}, {"inventory"}, {"storefront"}, {"invoice", "reporting"},
		{"notification", "recommendation"}, {"fraud", "refund", "warehouse", "catalog"}, {"order", "shipping"}} {
		some := in.buy(t, strings.Join(lost, "-"), 16)
		for _, name := range lost {
			in.published(t, name)
		}
		in.drop(t, lost...)
		for _, name := range lost {
			a := in.apply(t, name)
			if a.Restored == nil || a.Restored.Events == 0 {
				t.Errorf("%s: %+v", name, a)
			}
			t.Logf("%s: %+v", name, a.Restored)
		}
		if lost[0] == "storefront" {
			in.checkRepeats(t, some)
		}
		if lost[0] == "order" {
			in.wipe(t)
		}
		awaitAllEnded(t, in.site)
		all = append(all, some...)
	}
	checkPurchases(t, in.site, all)
	in.checkHolds(t)
	in.checkEqual(t)
}

// wipe deletes all topics, with orders in flight: they are refilled from the outboxes.
func (in *installation) wipe(t *testing.T) {
	t.Helper()
	specs := slices.DeleteFunc(service.Topics(in.Partitions, 0, run.Apps...), func(s kafka.TopicSpec) bool {
		return in.shared && !strings.HasSuffix(s.Name, ".events") // the engine's own topics are shared with others
	})
	names := make([]string, len(specs))
	for i, s := range specs {
		names[i] = s.Name
	}
	if err := in.kafka.DeleteTopics(t.Context(), names...); err != nil {
		t.Fatal(err)
	}
	made := 0
	trial.Await(t, "the topics to be there again", func() (bool, string) {
		created, err := in.kafka.CreateTopics(t.Context(), specs)
		made += len(created)
		return err == nil && made >= len(specs), fmt.Sprint(made, " made ", err)
	})
}

// checkRepeats repeats requests whose answers were in a lost database.
func (in *installation) checkRepeats(t *testing.T, all []purchase) {
	t.Helper()
	for _, p := range all {
		key := "Idempotency-Key: " + p.customer
		a, err := insist(in.site, p.customer, "/v1/orders", p.basket, key)
		if err != nil || a.Status != 202 || a.Header.Get("Location") != "/v1/orders/"+p.id || a.Body != p.answer ||
			a.Header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s was answered %s; again, after the database was lost: %d %v %s %v", p.customer, p.answer, a.Status,
				a.Header, a.Body, err)
		}
		other := p.basket
		other.Email = "other@example.com"
		if a, err := insist(in.site, p.customer, "/v1/orders", other, key); err != nil || a.Status != 422 ||
			!strings.Contains(a.Body, "idempotency-key-reused") {
			t.Errorf("%s, with another body: %d %s %v", p.customer, a.Status, a.Body, err)
		}
		if !p.cancels {
			continue
		}
		if a, err := insist(in.site, p.customer, "/v1/orders/"+p.id+"/cancellation", map[string]any{}, key); err != nil ||
			a.Status != 202 && a.Status != 409 {
			t.Errorf("%s, cancelled again: %d %s %v", p.customer, a.Status, a.Body, err)
		}
	}
}
