package httpserver_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"orderflow.example/shared/httpserver"
)

func TestAListenerAnswersOnlyForTheHostsItIsFor(t *testing.T) {
	t.Parallel()
	const here, everywhere = "127.0.0.1:8081", "0.0.0.0:8081"
	for _, c := range []struct {
		addr, proxied string
		hosts         []string
		name          string
		want          int
	}{
		{here, "", nil, "localhost:8081", 200},
		{here, "", nil, "[::1]:8081", 200},
		{here, "", nil, "rebound.example", 421},
		{here, "console.example", nil, "console.example", 200},
		{here, "console.example", nil, "rebound.example", 421},
		{everywhere, "", nil, "10.1.2.3:8081", 200},
		// Probes and scrapers name a pod by its address, whatever browsers call the console.
		{everywhere, "console.example", nil, "10.1.2.3:8081", 200},
		{everywhere, "", []string{"ops.example"}, "10.1.2.3:8081", 421},
		{everywhere, "", []string{"ops.example"}, "Ops.Example:8081", 200},
		{everywhere, "console.example", []string{"ops.example"}, "console.example", 200},
		{everywhere, "console.example", []string{"ops.example"}, "rebound.example", 421},
	} {
		s := httpserver.New(httpserver.Options{CheckHost: true, Addr: c.addr, Hosts: c.hosts, Proxied: c.proxied})
		request := httptest.NewRequest(http.MethodGet, "/healthz", nil)
		request.Host = c.name
		answer := httptest.NewRecorder()
		s.Engine().ServeHTTP(answer, request)
		if answer.Code != c.want {
			t.Errorf("%s at %s, proxied as %q, of %v: %d, want %d", c.name, c.addr, c.proxied, c.hosts, answer.Code, c.want)
		}
	}
}
