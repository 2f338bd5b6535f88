// Package stripetest is stripe-mock for the tests of adapters: it answers each request that fits Stripe's published
// description, and refuses all others. It keeps no state: how requests work together is tested on the simulated gateway.
package stripetest

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stripe/stripe-mock/embedded"
	mock "github.com/stripe/stripe-mock/server"
)

// Mock is a server that runs stripe-mock.
type Mock struct {
	URL string

	mu    sync.Mutex
	calls []Call
}

// Call is a request and the status of its answer.
type Call struct {
	Request string // method and path
	Key     string // the idempotency key
	Status  int
	Answer  string
}

// asked is what adapters ask for.
var asked = []string{"/v1/payment_intents", "/v1/refunds", "/v1/payment_methods/", "/v1/confirmation_tokens"}

// stub is loaded once: the description has 8 MB.
var stub = sync.OnceValues(func() (http.HandlerFunc, error) {
	spec, err := mock.LoadSpec(embedded.OpenAPISpec, "")
	if err != nil {
		return nil, err
	}
	for path := range spec.Paths { // those that no adapter asks would take seconds to prepare
		if !slices.ContainsFunc(asked, func(prefix string) bool { return strings.HasPrefix(string(path), prefix) }) {
			delete(spec.Paths, path)
		}
	}
	fixtures, err := mock.LoadFixtures(embedded.OpenAPIFixtures, "")
	if err != nil {
		return nil, err
	}
	server, err := mock.NewStubServer(fixtures, spec, false, false)
	if err != nil {
		return nil, err
	}
	return server.HandleRequest, nil
})

// Start starts stripe-mock for the time of the test.
func Start(t testing.TB) *Mock {
	t.Helper()
	handle, err := stub()
	if err != nil {
		t.Fatal(err)
	}
	m := &Mock{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		handle(answer, r)
		m.mu.Lock()
		m.calls = append(m.calls, Call{Request: r.Method + " " + r.URL.Path, Key: r.Header.Get("Idempotency-Key"),
			Status: answer.Code, Answer: strings.TrimSpace(answer.Body.String())})
		m.mu.Unlock()
		for name := range answer.Header() {
			w.Header().Set(name, answer.Header().Get(name))
		}
		w.WriteHeader(answer.Code)
		w.Write(answer.Body.Bytes())
	}))
	t.Cleanup(server.Close)
	m.URL = server.URL
	return m
}

// Calls returns the requests so far, and forgets them.
func (m *Mock) Calls() []Call {
	m.mu.Lock()
	defer m.mu.Unlock()
	calls := m.calls
	m.calls = nil
	return calls
}
