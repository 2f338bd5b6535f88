package run_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/service"
)

// withStripe is a platform that asks the simulated gateway through the adapter to Stripe.
func withStripe(t *testing.T) *trial.Site {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil { // as root, the private Postgres runs as another user
		t.Fatal(err)
	}
	key := filepath.Join(t.TempDir(), "stripe.key")
	if err := os.WriteFile(key, []byte("sk_test_not2bshown\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := trial.Start(trial.Config(dir, 100).With(service.Settings{
		"world-speed": 100.0, "gateway": "stripe", "stripe-key-file": key}))
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
	return site
}

func TestEveryStoryEndsTheSameThroughStripe(t *testing.T) {
	t.Parallel()
	site := withStripe(t)
	ended := make([]func(*testing.T), len(scenarios))
	t.Run("stories", func(t *testing.T) {
		for i, s := range scenarios {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				ended[i] = s.play(t, site)
			})
		}
	})
	if t.Failed() {
		return
	}
	for _, check := range ended { // after all have ended: nothing was added since
		check(t)
	}
	// The fraud service knows cards through Stripe too.
	site.Sell(t, "carded", price, received)
	reviewed := 0
	for range 7 {
		basket := trial.NewBasket(trial.Line{SKU: "carded", Quantity: 1})
		basket.PaymentToken = "tok_card_carded"
		b := site.Buy(t, basket)
		for _, e := range b.Await(t, "confirmed", "in_review").Timeline {
			if e.Status == "in_review" {
				reviewed++
			}
		}
	}
	if reviewed != 2 {
		t.Errorf("of seven orders with one card %d are reviewed, not those after the fifth", reviewed)
	}
}

func TestAMistakeAboutStripeIsSaidBeforeAnythingStarts(t *testing.T) {
	t.Parallel()
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	test, live, shown := file("sk_test_not2bshown"), file("rk_live_not2bshown"), file("pk_test_not2bshown")
	for _, c := range []struct {
		own  service.Settings
		says string
	}{
		{service.Settings{"gateway": "stripe"}, "needs --stripe-key-file"},
		{service.Settings{"stripe-key-file": test}, "without --gateway stripe"},
		{service.Settings{"gateway": "stripe", "stripe-key-file": shown}, "publishable"},
		{service.Settings{"gateway": "stripe", "stripe-key-file": live}, "stripe-url: a live key"},
		{service.Settings{"gateway": "stripe", "stripe-key-file": live, "stripe-url": "https://pay.example"}, "stripe-url: a live key"},
		{service.Settings{"gateway": "stripe", "stripe-key-file": test + "x"}, "stripe-key-file: open"},
	} {
		dir := filepath.Join(t.TempDir(), "data")
		p, err := trial.Start(trial.Config(dir, 1).With(c.own))
		var exit *service.Exit
		switch {
		case err == nil:
			t.Errorf("%v is accepted", c.own)
			p.Stop()
		case !errors.As(err, &exit) || exit.Code != service.CodeUsage || !strings.Contains(err.Error(), c.says),
			strings.Contains(err.Error(), "not2b"), strings.Contains(err.Error(), "\n"):
			t.Errorf("%v: %v", c.own, err)
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%v: the data directory was made: %v", c.own, err)
		}
	}
}
