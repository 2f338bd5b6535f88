//go:build load

package endtoend_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/httpserver"
)

// load is customers who place orders at a steady rate, and cancel every fifth.
type load struct {
	key     []byte
	proxy   *httptest.Server
	target  atomic.Pointer[url.URL]
	stopped chan struct{}
	done    sync.WaitGroup

	mu      sync.Mutex
	orders  map[string]string // customers, by order
	strange []string          // answers that no customer should get
}

func startLoad(t *testing.T, f *fleet, every time.Duration) *load {
	l := &load{key: f.site(t).Key, stopped: make(chan struct{}), orders: map[string]string{}}
	l.balance(f.processes["storefront"][0].Customers)
	l.proxy = httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(l.target.Load()) }})
	t.Cleanup(l.proxy.Close)
	l.done.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-l.stopped:
				return
			case <-tick.C:
				l.done.Go(func() { l.shop(fmt.Sprint("customer-", n), n%5 == 0) })
			}
		}
	})
	t.Cleanup(l.stop)
	return l
}

// balance sends new requests to this storefront.
func (l *load) balance(storefront string) {
	u, err := url.Parse(storefront)
	if err != nil {
		panic(err)
	}
	l.target.Store(u)
}

func (l *load) stop() {
	l.mu.Lock()
	select {
	case <-l.stopped:
	default:
		close(l.stopped)
	}
	l.mu.Unlock()
	l.done.Wait()
}

func (l *load) accepted() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.orders)
}

func (l *load) shop(customer string, cancels bool) {
	token, err := httpserver.Mint(l.key, httpserver.AudienceCustomers, customer, time.Hour)
	if err != nil {
		panic(err)
	}
	call := trial.Caller{URL: l.proxy.URL, Token: token}
	send := func(method, path string, body any, expected ...int) trial.Answer {
		a, err := call.Send(method, path, body, "Idempotency-Key: "+rand.Text())
		for _, status := range expected {
			if err == nil && a.Status == status {
				return a
			}
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.strange = append(l.strange, fmt.Sprintf("%s %s: %d %v %s", method, path, a.Status, err, a.Body))
		return trial.Answer{}
	}
	placed := send("POST", "/v1/orders", trial.NewBasket(trial.Line{SKU: "rolled", Quantity: 1}), http.StatusAccepted)
	at := placed.Header.Get("Location")
	if at == "" {
		return
	}
	l.mu.Lock()
	l.orders[strings.TrimPrefix(at, "/v1/orders/")] = customer
	l.mu.Unlock()
	send("GET", at, nil, http.StatusOK)
	if cancels {
		send("POST", at+"/cancellation", map[string]any{"reason": "changed my mind"}, http.StatusAccepted, http.StatusConflict)
	}
}

func (l *load) checkAllEnded(t *testing.T, f *fleet) {
	t.Helper()
	for _, s := range l.strange {
		t.Error(s)
	}
	ends := map[string]int{}
	for id, customer := range l.orders {
		b := &trial.Buyer{Site: f.site(t), Name: customer, ID: id}
		ends[b.Await(t, "completed", "cancelled", "rejected", "returned").Status]++
	}
	t.Logf("%d orders: %v; %d answers out of order", len(l.orders), ends, len(l.strange))
	if ends["rejected"] > 0 || ends["completed"] == 0 {
		t.Errorf("orders ended as %v", ends)
	}
}
