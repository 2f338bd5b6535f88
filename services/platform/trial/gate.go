package trial

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// Gate stands between the services and the outside world. What is asked always reaches the world; the answers can be
// withheld, so that a saga stands still where the world has acted and nobody knows.
type Gate struct {
	URL string

	mu   sync.Mutex
	shut string // begin of the paths whose answers are withheld
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
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	g.URL = server.URL
	return g
}

// Shut withholds the answers of paths that begin so: "/sim/gateway/v1/captures".
func (g *Gate) Shut(prefix string) { g.set(prefix) }

// Open lets all answers through again.
func (g *Gate) Open() { g.set("") }

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
