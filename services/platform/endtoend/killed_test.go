package endtoend_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"orderflow.example/services/platform/trial"
)

// victim is a platform that is killed repeatedly, and the current address for its clients.
type victim struct {
	orderflow, dir string
	flags          []string // of up, beside the usual ones

	mu      sync.Mutex
	process *trial.Process
}

func (v *victim) start(t *testing.T) {
	t.Helper()
	p := trial.Run(t, v.orderflow, append([]string{"up", "--data-dir", v.dir, "--http-addr", "127.0.0.1:0",
		"--ops-addr", "127.0.0.1:0", "--world-speed", "20", "--log-level", "warn"}, v.flags...)...)
	t.Logf("ready after %v", p.ReadyIn.Round(time.Millisecond))
	v.mu.Lock()
	v.process = p
	v.mu.Unlock()
}

func (v *victim) running() *trial.Process {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.process
}

// purchase is one order of a client that retries.
type purchase struct {
	customer string
	basket   trial.Basket
	cancels  bool
	after    time.Duration // until it cancels
	id       string
	answer   string
}

// insist sends a request until the answer is final, whatever happens to the platform meanwhile.
func insist(site *trial.Site, customer, path string, body any, headers ...string) (a trial.Answer, err error) {
	deadline := time.Now().Add(2 * trial.Patience)
	for time.Now().Before(deadline) {
		a, err = site.Customer(customer).Send("POST", path, body, headers...)
		switch {
		case err != nil, a.Status >= 500, a.Status == http.StatusTooManyRequests:
		case a.Status == http.StatusConflict && strings.Contains(a.Body, "idempotency-key-in-use"):
		default:
			return a, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return a, fmt.Errorf("not answered for %v: %d %s %v", 2*trial.Patience, a.Status, a.Body, err)
}

func (p *purchase) place(site *trial.Site) error {
	a, err := insist(site, p.customer, "/v1/orders", p.basket, "Idempotency-Key: "+p.customer)
	if err != nil || a.Status != 202 {
		return fmt.Errorf("%s: %d %s %v", p.customer, a.Status, a.Body, err)
	}
	p.answer = a.Body
	if _, p.id, _ = strings.Cut(a.Header.Get("Location"), "/v1/orders/"); p.id == "" {
		return fmt.Errorf("%s: no Location: %s", p.customer, a.Body)
	}
	if p.cancels {
		time.Sleep(p.after)
		a, err = insist(site, p.customer, "/v1/orders/"+p.id+"/cancellation", map[string]any{}, "Idempotency-Key: "+p.customer)
		if err != nil || a.Status != 202 && a.Status != 409 {
			return fmt.Errorf("%s: cancellation: %d %s %v", p.customer, a.Status, a.Body, err)
		}
	}
	return nil
}

const (
	purchases = 300
	shoppers  = 12 // concurrent
)

func TestKilledAtAnyMomentThePlatformLosesNothingAndDoesNothingTwice(t *testing.T) {
	t.Parallel()
	v := &victim{orderflow: filepath.Join(trial.Programs(t, "platform"), "orderflow"), dir: openDir(t), flags: []string{"--faults"}}
	v.start(t)
	key, err := os.ReadFile(filepath.Join(v.dir, ".secrets", "jwt.key"))
	if err != nil {
		t.Fatal(err)
	}
	site := &trial.Site{Key: key, Storefront: func() string { return v.running().Customers },
		Operators: func(string) string { return v.running().Operators }}
	site.Sell(t, "survivor", price, 10*purchases)

	tokens := []string{"tok_ok", "tok_ok", "tok_timeout", "tok_declined", "tok_capture_fails", "tok_slow"}
	all := make([]purchase, purchases)
	todo := make(chan *purchase, purchases)
	for i := range all {
		p := &all[i]
		p.customer = fmt.Sprintf("survivor-%d", i)
		p.cancels, p.after = i%4 == 3, time.Duration(i%5)*50*time.Millisecond
		p.basket = trial.NewBasket(trial.Line{SKU: "survivor", Quantity: int64(1 + i%3)})
		p.basket.PaymentToken = tokens[i%len(tokens)]
		todo <- p
	}
	close(todo)
	ledger := watchLedger(t, site)
	var placed atomic.Int64
	milestones := make(chan int64, purchases)
	var clients sync.WaitGroup
	for range shoppers {
		clients.Go(func() {
			for p := range todo {
				if err := p.place(site); err != nil {
					t.Error(err)
				}
				milestones <- placed.Add(1)
			}
		})
	}
	for _, moment := range []int64{10, 75, 150, 225, purchases} {
		for reached := int64(0); reached < moment; {
			reached = max(reached, <-milestones)
		}
		v.running().Kill()
		v.start(t)
	}
	clients.Wait()
	if t.Failed() {
		return
	}
	last := time.Now()
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(v.running().Log())
		}
	})
	awaitAllEnded(t, site)
	t.Logf("all ended %v after the last restart", time.Since(last).Round(time.Millisecond))
	checkPurchases(t, site, all)
	checkHolds(t, v.orderflow, v.dir)
	ledger()

	code, took := v.running().Terminate()
	if code != 0 { // within the shutdown limits of package service, or it would be 3
		t.Errorf("SIGTERM: exit code %d after %v, want 0: %s", code, took, v.running().Log())
	}
	t.Logf("stopped after %v", took.Round(time.Millisecond))
}

// watchLedger polls the ledger of the running process. The returned function waits for two more rounds and fails if there
// was a break at any time.
func watchLedger(t *testing.T, site *trial.Site) (end func()) {
	type answer struct {
		Holds  bool
		Rounds int64
		Error  string
		Breaks []struct{ Kind, ID, Text string }
	}
	var stop atomic.Bool
	var broken atomic.Pointer[answer]
	var watcher sync.WaitGroup
	rounds := int64(0)
	ask := func() (now answer) {
		a, err := site.Operator("tracker").Send("GET", "/v1/conservation", nil)
		if err != nil || a.Status != 200 {
			return now // it was just killed
		}
		if now = trial.Read[answer](t, a); len(now.Breaks) > 0 {
			broken.Store(&now)
		}
		return now
	}
	watcher.Go(func() {
		for last := int64(0); !stop.Load(); time.Sleep(100 * time.Millisecond) {
			if now := ask(); now.Rounds != last {
				rounds, last = rounds+1, now.Rounds
			}
		}
	})
	return func() {
		was := ask().Rounds
		trial.Await(t, "two more rounds of the ledger", func() (bool, string) {
			now := ask()
			return now.Rounds >= was+2 && now.Holds && now.Error == "", fmt.Sprintf("%+v", now)
		})
		stop.Store(true)
		watcher.Wait()
		if b := broken.Load(); b != nil {
			t.Errorf("the ledger had breaks: %+v", *b)
		}
		t.Logf("the ledger looked %d times", rounds)
	}
}

// awaitAllEnded waits until no order is open.
func awaitAllEnded(t *testing.T, site *trial.Site) {
	t.Helper()
	trial.Await(t, "all orders ended", func() (bool, string) {
		a := site.Operator("storefront").Must(t, 200, "GET", "/v1/orders?open=true", nil)
		open := trial.Read[struct{ Items []trial.Order }](t, a).Items
		if len(open) == 0 {
			return true, ""
		}
		told, err := site.Operator("tracker").Send("GET", "/v1/sagas/"+open[0].ID, nil)
		return false, fmt.Sprintf("%s; the first by the tracker: %s %v", a.Body, told.Body, err)
	})
}

// checkHolds runs the command that checks every invariant on the data itself.
func checkHolds(t *testing.T, orderflow, dir string) {
	t.Helper()
	if stdout, stderr, code := trial.Command(orderflow, "verify", "--data-dir", dir, "--log-level", "error"); code != 0 {
		t.Errorf("verify: exit code %d: %s%s", code, stderr, stdout)
	}
}

func checkPurchases(t *testing.T, site *trial.Site, all []purchase) {
	t.Helper()
	ends := map[string]int{}
	var shipped int64
	for _, p := range all {
		list := trial.Read[struct{ Items []trial.Order }](t, site.Customer(p.customer).Must(t, 200, "GET", "/v1/orders", nil)).Items
		if len(list) != 1 || list[0].ID != p.id {
			t.Errorf("%s placed one order, %s, and has %+v", p.customer, p.id, list)
			continue
		}
		o, book := list[0], site.Book(t, p.id)
		due := o.Total.Amount
		ends[o.Status+" "+o.Reason]++
		switch {
		case o.Status == "completed" && book == (trial.Ledger{Authorized: due, Captured: due}):
			shipped += p.basket.Lines[0].Quantity
		case o.Status == "cancelled" && (book == trial.Ledger{} ||
			book == trial.Ledger{Authorized: due, Voided: due} || book == trial.Ledger{Authorized: due, Captured: due, Refunded: due}):
		default:
			t.Errorf("order %s ended %s %s with %+v in the gateway's book", p.id, o.Status, o.Reason, book)
		}
	}
	if left := site.Stock(t, "survivor"); left != trial.Free(10*purchases-shipped) {
		t.Errorf("%d pieces were shipped of %d, and the stock is %+v", shipped, 10*purchases, left)
	}
	t.Log(ends)
	if len(ends) < 4 {
		t.Errorf("orders ended only as %v: the kills met nothing", ends)
	}
}
