package audit_test

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"orderflow.example/services/platform/audit"
	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/service"
)

// start is a platform of its own, because these tests damage it.
func start(t *testing.T) (*run.Platform, *trial.Site) {
	t.Helper()
	return startWith(t, run.Options{})
}

func startWith(t *testing.T, o run.Options, settings ...func(*service.Config)) (*run.Platform, *trial.Site) {
	t.Helper()
	dir, err := os.MkdirTemp("", "orderflow-verify-")
	if err == nil {
		t.Cleanup(func() { os.RemoveAll(dir) })
		err = os.Chmod(dir, 0o755) // as root, the private Postgres runs as another user
	}
	if err != nil {
		t.Fatal(err)
	}
	o.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	c := trial.Config(dir, 50)
	for _, set := range settings {
		set(&c)
	}
	p, err := run.Start(t.Context(), c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	site, err := trial.Whole(p)
	if err != nil {
		t.Fatal(err)
	}
	return p, site
}

func audited(t *testing.T, p *run.Platform, patience time.Duration) (audit.Report, error) {
	return audit.Run(t.Context(), audit.Config{Kafka: p.Host.Kafka, Apps: run.Apps, Databases: p.Host.Databases(),
		Partitions: p.Partitions, Book: audit.BookAt(p.WorldURL), Patience: patience})
}

// look is for systems that may be damaged, and for conditions that are waited for.
func look(t *testing.T, p *run.Platform) audit.Report { return lookWith(t, p, 2*time.Second) }

// lookUnderway is for systems that must hold, with orders under way or without: that a service is slow is no damage.
func lookUnderway(t *testing.T, p *run.Platform) audit.Report { return lookWith(t, p, trial.Patience) }

func lookWith(t *testing.T, p *run.Platform, patience time.Duration) audit.Report {
	t.Helper()
	r, err := audited(t, p, patience)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func told(r audit.Report) string {
	var b strings.Builder
	r.Print(&b)
	return b.String()
}

var tokens = []string{"tok_ok", "tok_declined", "tok_ok", "tok_capture_fails", "tok_slow", "tok_timeout", "tok_ok",
	"tok_refund_fails_once"}

func TestALiveSystemHoldsWithoutFalseAlarmsAndDamageByHandIsNamed(t *testing.T) {
	p, site := start(t)
	site.Sell(t, "teapot", 1530, 1000)
	site.Sell(t, "mug", 450, 1000)

	// Customers order, cancel and send back while the system is looked at again and again.
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var customers sync.WaitGroup
	var placed atomic.Int64
	for n := range 6 {
		customers.Go(func() {
			for i := n; ctx.Err() == nil; i++ {
				basket := trial.NewBasket(trial.Line{SKU: "teapot", Quantity: 1}, trial.Line{SKU: "mug", Quantity: int64(1 + i%3)})
				basket.PaymentToken = tokens[i%len(tokens)]
				b := site.Buy(t, basket)
				placed.Add(1)
				switch i % 7 {
				case 1:
					b.Cancel(t)
				case 2:
					if b.Await(t, "completed", "cancelled").Status == "completed" {
						b.Return(t, trial.Line{SKU: "mug", Quantity: 1})
					}
				}
			}
		})
	}
	looks, open := 0, 0
	for end := time.Now().Add(8 * time.Second); looks < 2 || time.Now().Before(end); {
		r := lookUnderway(t, p)
		if !r.Holds() {
			t.Fatalf("look %d, with orders under way:\n%s", looks, told(r))
		}
		looks, open = looks+1, open+r.Open
	}
	stop()
	customers.Wait()
	t.Logf("%d orders; %d looks, %d open sagas seen", placed.Load(), looks, open)
	if open == 0 {
		t.Errorf("%d looks saw %d open sagas: nothing was under way", looks, open)
	}

	last := site.Buy(t, trial.NewBasket(trial.Line{SKU: "teapot", Quantity: 1}))
	var r audit.Report
	trial.Await(t, "the end of every saga", func() (bool, string) {
		r = look(t, p)
		return r.Holds() && r.Open == 0, told(r)
	})
	if r.Sagas != int(placed.Load())+1 {
		t.Errorf("%d sagas, %d orders were placed", r.Sagas, placed.Load()+1)
	}
	t.Logf("at rest:\n%s", told(r))
	damage(t, p, last.ID)
}

func damage(t *testing.T, p *run.Platform, order string) {
	t.Helper()
	for _, d := range []struct {
		service, change, back string
		broken, names         string
	}{
		{"payment", `UPDATE payments SET captured = captured - 1 WHERE order_id = '` + order + `'`,
			`UPDATE payments SET captured = captured + 1 WHERE order_id = '` + order + `'`, "replay agreement", order},
		{"inventory", `UPDATE stock SET on_hand = on_hand + 1 WHERE sku = 'teapot'`,
			`UPDATE stock SET on_hand = on_hand - 1 WHERE sku = 'teapot'`, "replay stock", "teapot at north"},
		{"shipping", `UPDATE engine.watermark SET sequence = sequence - 1 WHERE topic = 'payment.events' AND sequence > 0`,
			`UPDATE engine.watermark SET sequence = sequence + 1 WHERE topic = 'payment.events' AND sequence > 0`, "watermarks",
			"of " + order + " would be applied twice"},
	} {
		db := p.Host.Databases()[d.service].Gorm()
		if err := db.Exec(d.change).Error; err != nil {
			t.Fatal(err)
		}
		r := look(t, p)
		for _, check := range strings.Fields(d.broken) {
			if !strings.Contains(" "+strings.Join(r.Broken(), " ")+" ", " "+check+" ") {
				t.Errorf("after %s: %s is not broken:\n%s", d.change, check, told(r))
			}
		}
		if !strings.Contains(told(r), d.names) {
			t.Errorf("after %s: nothing names %q:\n%s", d.change, d.names, told(r))
		}
		if err := db.Exec(d.back).Error; err != nil {
			t.Fatal(err)
		}
	}
	if r := lookUnderway(t, p); !r.Holds() {
		t.Errorf("after everything was put back:\n%s", told(r))
	}
}
