package audit_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"orderflow.example/services/platform/audit"
	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/database"
)

// said is what an answer of the ledger looks like in a failure.
func said(s audit.State) string {
	var b strings.Builder
	fmt.Fprintf(&b, "holds %v after %d rounds, error %q\n", s.Holds, s.Rounds, s.Error)
	for _, x := range s.Breaks {
		fmt.Fprintf(&b, "  %s %s: %s since %v\n", x.Kind, x.ID, x.Text, x.Since)
	}
	return b.String()
}

// looking runs a ledger that rests no longer than it works, beside the tracker's, which would take minutes for a few looks.
func looking(t *testing.T, p *run.Platform) *audit.Ledger {
	l := audit.NewLedger(nil)
	ctx, stop := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	ended.Go(func() {
		l.Run(ctx, audit.Config{Kafka: p.Host.Kafka, Apps: run.Apps, Databases: p.Host.Databases(), Partitions: p.Partitions,
			Book: audit.BookAt(p.WorldURL), Rest: 1})
	})
	t.Cleanup(ended.Wait)
	t.Cleanup(stop)
	return l
}

// next waits until the ledger has looked at everything again, from beginning to end.
func next(t testing.TB, l *audit.Ledger) (now audit.State) {
	t.Helper()
	rounds := l.State().Rounds
	trial.Await(t, "two more rounds of the ledger", func() (bool, string) {
		now = l.State()
		return now.Rounds >= rounds+2, said(now)
	})
	return now
}

// shopping lets customers order, cancel and send back until the context ends.
func shopping(ctx context.Context, t *testing.T, site *trial.Site, customers int) (placed *atomic.Int64, end func()) {
	placed = &atomic.Int64{}
	var all sync.WaitGroup
	for n := range customers {
		all.Go(func() {
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
	return placed, all.Wait
}

// mostLooks is by when a break must have been raised, and have ended: the look under way, one that finds it, one that makes
// sure, and one for what is on its way. How long looks take depends on the machine.
const mostLooks = 4

func TestDamageUnderTrafficIsABreakWithBothNumbersAfterAFewLooksAndEndsWhenItIsPutBack(t *testing.T) {
	t.Parallel()
	p, site := start(t)
	site.Sell(t, "teapot", 1530, 10_000)
	site.Sell(t, "mug", 450, 10_000)
	site.Sell(t, "saucer", 200, 50)
	l := looking(t, p)
	first := site.Buy(t, trial.NewBasket(trial.Line{SKU: "teapot", Quantity: 1}))
	first.Await(t, "completed")
	ctx, stop := context.WithCancel(t.Context())
	placed, end := shopping(ctx, t, site, 2)
	defer end()
	defer stop()
	if s := next(t, l); !s.Holds {
		t.Fatal(said(s))
	}
	for _, d := range []struct {
		service, table, column string
		by                     int
		where                  string
		kind, id               string
		expected, found        int64
	}{
		{"payment", "payments", "captured", -1, "order_id = '" + first.ID + "'", "agreement", first.ID, 1530, 1529},
		{"inventory", "stock", "on_hand", +1, "sku = 'saucer'", "stock", "saucer at north", 50, 51},
		{"refund", "refunds", "refunded", +1, "order_id = '" + first.ID + "'", "agreement", first.ID, 0, 1},
	} {
		db := p.Host.Databases()[d.service].Gorm()
		change := func(by int) (looks int64) {
			if err := db.Exec(fmt.Sprintf("UPDATE %s SET %s = %s + (%d) WHERE %s", d.table, d.column, d.column, by,
				d.where)).Error; err != nil {
				t.Fatal(err)
			}
			return l.State().Rounds
		}
		looks, at := change(d.by), time.Now()
		trial.Await(t, d.column+" of "+d.service+" as a break", func() (bool, string) {
			s := l.State()
			return slices.ContainsFunc(s.Breaks, func(b audit.Break) bool {
				return b.Kind == d.kind && b.ID == d.id && b.Expected != nil && *b.Expected == d.expected && *b.Found == d.found &&
					(b.Order == d.id) == (d.id == first.ID) && !s.Holds
			}), said(s)
		})
		raised, took := l.State().Rounds-looks, time.Since(at)
		looks, at = change(-d.by), time.Now()
		trial.Await(t, "the end of the break of "+d.column, func() (bool, string) {
			s := l.State()
			return s.Holds && len(s.Breaks) == 0, said(s)
		})
		ended := l.State().Rounds - looks
		t.Logf("%s of %s: raised after %d looks (%v), ended after %d (%v)", d.column, d.service, raised, took, ended, time.Since(at))
		if raised > mostLooks || ended > mostLooks {
			t.Errorf("%s of %s: raised after %d looks, ended after %d, want at most %d", d.column, d.service, raised, ended, mostLooks)
		}
	}
	t.Logf("%d orders were placed meanwhile", placed.Load())
	stop()
	end()
	agree(t, p, l, first.ID)
}

// agree damages an installation at rest in several places. Run, the ledger, and one that begins only now find the same.
func agree(t *testing.T, p *run.Platform, l *audit.Ledger, order string) {
	t.Helper()
	trial.Await(t, "the end of every saga", func() (bool, string) {
		r := look(t, p)
		return r.Holds() && r.Open == 0, told(r)
	})
	for service, change := range map[string]string{
		"payment":   `UPDATE payments SET captured = captured - 1 WHERE order_id = '` + order + `'`,
		"inventory": `DELETE FROM stock WHERE sku = 'saucer'`,
		"shipping":  `UPDATE engine.watermark SET sequence = sequence - 1 WHERE topic = 'payment.events' AND sequence > 0`,
	} {
		if err := p.Host.Databases()[service].Gorm().Exec(change).Error; err != nil {
			t.Fatal(err)
		}
	}
	var want []string
	for _, c := range look(t, p).Checks {
		for _, o := range c.Offending {
			if c.Name == "progress" {
				continue // it is no matter of money and goods that shipping waits for events that it had before
			}
			want = append(want, c.Name+" "+o.ID+": "+o.Text)
		}
	}
	slices.Sort(want)
	if len(want) < 5 || !strings.Contains(strings.Join(want, "\n"), "would be applied twice") {
		t.Fatalf("one look found only\n%s", strings.Join(want, "\n"))
	}
	found := func(s audit.State) (list []string) {
		for _, b := range s.Breaks {
			list = append(list, b.Kind+" "+b.ID+": "+b.Text)
		}
		slices.Sort(list)
		return list
	}
	trial.Await(t, "the ledger to find the same:\n"+strings.Join(want, "\n"), func() (bool, string) {
		s := l.State()
		return slices.Equal(found(s), want), said(s)
	})
	other := looking(t, p)
	trial.Await(t, "another ledger to find the same:\n"+strings.Join(want, "\n"), func() (bool, string) {
		return slices.Equal(found(other.State()), want), said(other.State())
	})
}

func TestFaultsAndLostSessionsUnderTrafficAreNoBreak(t *testing.T) {
	t.Parallel()
	p, site := startWith(t, run.Options{Faults: true})
	site.Sell(t, "teapot", 1530, 10_000)
	site.Sell(t, "mug", 450, 10_000)
	l := looking(t, p)
	ctx, stop := context.WithCancel(t.Context())
	placed, end := shopping(ctx, t, site, 4)
	defer end()
	defer stop()
	admin, err := database.Open(t.Context(), database.Options{URL: p.Postgres})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	const rounds = 5
	first, cut := l.State().Rounds, 0
	for seen := first; seen < first+rounds; {
		var s audit.State
		trial.Await(t, "the next round of the ledger", func() (bool, string) {
			s = l.State()
			return s.Rounds > seen, said(s)
		})
		if len(s.Breaks) > 0 {
			t.Fatal(said(s))
		}
		seen = s.Rounds
		var ended int
		err := admin.Gorm().Raw(`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE application_name LIKE 'orderflow-%' AND application_name NOT IN ('orderflow-world', 'orderflow-storefront')`).Row().
			Scan(&ended)
		if err != nil {
			t.Fatal(err)
		}
		cut += ended
	}
	t.Logf("%d orders, %d sessions ended", placed.Load(), cut)
	if placed.Load() == 0 || cut == 0 {
		t.Error("nothing was going on")
	}
	stop()
	end()
	trial.Await(t, "the end of every saga", func() (bool, string) {
		r, err := audited(t, p, 2*time.Second)
		return err == nil && r.Holds() && r.Open == 0, fmt.Sprint(err, told(r)) // some sessions of the pools are ended
	})
	if s := next(t, l); !s.Holds || s.Error != "" {
		t.Error(said(s))
	}
}
