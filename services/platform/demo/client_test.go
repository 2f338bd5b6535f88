package demo

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// A platform that answers with Retry-After is up: the request is retried then, as often as it says so.
func TestAPlatformThatTakesNoOrdersForNowIsAskedWhenItSays(t *testing.T) {
	t.Parallel()
	var times atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if times.Add(1) > 2 {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
		w.Write([]byte(`{"type":"https://orderflow.example/problems/overloaded"}`))
	}))
	defer server.Close()
	c, err := newClient(Options{StorefrontURL: server.URL, Key: key, Plan: &Plan{}, Patience: 500 * time.Millisecond}, 1)
	if err != nil {
		t.Fatal(err)
	}
	one := asked{method: http.MethodGet, url: server.URL}
	began := time.Now()
	if _, _, err := c.ask(t.Context(), one, nil); err != nil || times.Load() != 3 || time.Since(began) < 2*time.Second {
		t.Errorf("%v, after %d requests in %v", err, times.Load(), time.Since(began))
	}
}
