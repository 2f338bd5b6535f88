package trial

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// Gate is a proxy between the services and the outside world. Requests always reach the world; the answers can be
// withheld, so that a saga stops after the world has acted and before any service knows.
type Gate struct {
	URL string

	mu      sync.Mutex
	shut    string // prefix of the paths whose answers are withheld
	refuses string // prefix of the paths that are refused, for this reason
	reason  string
}

// NewGate opens a gate to the world at the address.
func NewGate(t testing.TB, world string) *Gate {
	t.Helper()
	target, err := url.Parse(world)
	if err != nil {
		t.Fatal(err)
	}
	g := &Gate{}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(r *http.Response) error {
		if g.withheld(r.Request.URL.Path) {
			return http.ErrAbortHandler
		}
		return nil
	}
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if reason := g.refused(r.URL.Path); reason != "" {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusPaymentRequired)
			fmt.Fprintf(w, `{"code":%q}`, reason)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	g.URL = server.URL
	return g
}

// Shut withholds the answers of paths with this prefix, as "/sim/gateway/v1/captures".
func (g *Gate) Shut(prefix string) { g.set(prefix) }

// Refuse refuses requests of paths with this prefix, for this reason; they do not reach the world.
func (g *Gate) Refuse(prefix, reason string) {
	g.mu.Lock()
	g.refuses, g.reason = prefix, reason
	g.mu.Unlock()
}

func (g *Gate) refused(path string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refuses == "" || !strings.HasPrefix(path, g.refuses) {
		return ""
	}
	return g.reason
}

// Open lets all answers through again.
func (g *Gate) Open() {
	g.set("")
	g.Refuse("", "")
}

func (g *Gate) set(prefix string) {
	g.mu.Lock()
	g.shut = prefix
	g.mu.Unlock()
}

func (g *Gate) withheld(path string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.shut != "" && strings.HasPrefix(path, g.shut)
}
