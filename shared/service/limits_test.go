package service

import (
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/httpserver"
)

func TestTheConfigurationReachesTheCustomersListener(t *testing.T) {
	t.Parallel()
	c := Config{DataDir: t.TempDir(), Kafka: []string{embeddedtest.Kafka(t)}, HTTPAddr: "127.0.0.1:0",
		OpsAddr: "127.0.0.1:0", Partitions: 2,
		CORSOrigins: []string{"https://shop.example"}, RatePerAddress: 0.2, RatePerCustomer: 0.001,
		TrustedProxies: []string{"192.0.2.0/24"}}
	host, err := NewHost(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = host.Stop() })
	host.Customers.Engine().GET("/mine", host.Auth.RequireCustomer())
	key, err := c.Key()
	if err != nil {
		t.Fatal(err)
	}
	token, err := httpserver.Mint(key, httpserver.AudienceCustomers, "ann", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(address string) *httptest.ResponseRecorder {
		request, answer := httptest.NewRequest("GET", "/mine", nil), httptest.NewRecorder()
		request.RemoteAddr = "192.0.2.1:1234"
		request.Header.Set("X-Forwarded-For", address)
		request.Header.Set("Origin", "https://shop.example")
		request.Header.Set("Authorization", "Bearer "+token)
		host.Customers.Engine().ServeHTTP(answer, request)
		return answer
	}
	first := ask("203.0.113.1")
	if first.Code != 200 || first.Header().Get("Access-Control-Allow-Origin") != "https://shop.example" {
		t.Errorf("got %d %v", first.Code, first.Header())
	}
	for _, address := range []string{"203.0.113.1", "203.0.113.2"} { // by the customer's rate, wherever she is
		if again := ask(address); again.Code != 429 || again.Header().Get("Retry-After") == "" {
			t.Errorf("%s: got %d %v", address, again.Code, again.Header())
		}
	}
	token = "" // nobody's
	if other := ask("203.0.113.3"); other.Code != 401 {
		t.Errorf("another address: got %d", other.Code)
	}
	if other := ask("203.0.113.3"); other.Code != 401 {
		t.Errorf("another address, second of the two that may come at once: got %d", other.Code)
	}
	if other := ask("203.0.113.3"); other.Code != 429 {
		t.Errorf("another address, one too many: got %d", other.Code)
	}
}
