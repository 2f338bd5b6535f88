package stripe

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	event "orderflow.example/schemas/fraud"
	"orderflow.example/services/fraud"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/outside/stripe/stripetest"
)

func identify(t *testing.T, url, token string) (fraud.CardAnswer, error) {
	t.Helper()
	c, err := New("sk_test_not2bshown", url)
	if err != nil {
		t.Fatal(err)
	}
	return c.identify(t.Context(), engine.Attempt{ID: "e1", Saga: "o1", Number: 1}, event.CardRequestedV1{PaymentToken: token})
}

// What stripe-mock answers is made up; that it answers shows that Stripe would take the request.
func TestStripeTakesEveryRequest(t *testing.T) {
	t.Parallel()
	mock := stripetest.Start(t)
	var got []string
	for _, token := range []string{"pm_1", "ctoken_1"} {
		if _, err := identify(t, mock.URL, token); err != nil {
			t.Errorf("%s: %v", token, err)
		}
	}
	for _, call := range mock.Calls() {
		if call.Status != 200 {
			t.Errorf("%s is refused: %s", call.Request, call.Answer)
		}
		got = append(got, call.Request)
	}
	if want := []string{"GET /v1/payment_methods/pm_1", "GET /v1/confirmation_tokens/ctoken_1"}; !slices.Equal(got, want) {
		t.Errorf("sent %v, want %v", got, want)
	}
}

func TestACardIsKnownByItsFingerprintAndWhatIsNoCardHasNone(t *testing.T) {
	t.Parallel()
	const missing = `{"error":{"type":"invalid_request_error","code":"resource_missing","message":"secret"}}`
	for name, c := range map[string]struct {
		token  string
		status int
		body   string
		want   fraud.CardAnswer
		err    string
	}{
		"a card": {"pm_1", 200, `{"id":"pm_1","type":"card","card":{"fingerprint":"Xt5EWLLDS7FJjR1c","country":"GB"}}`,
			fraud.CardAnswer{Fingerprint: "Xt5EWLLDS7FJjR1c", Country: "GB"}, ""},
		"a token": {"ctoken_1", 200, `{"id":"ctoken_1","payment_method_preview":{"card":{"fingerprint":"Xt5E","country":"FR"}}}`,
			fraud.CardAnswer{Fingerprint: "Xt5E", Country: "FR"}, ""},
		"no card":         {"pm_1", 200, `{"id":"pm_1","type":"sepa_debit"}`, fraud.CardAnswer{}, ""},
		"unknown":         {"pm_1", 404, missing, fraud.CardAnswer{}, ""},
		"an unknown one":  {"ctoken_1", 404, missing, fraud.CardAnswer{}, ""},
		"no fingerprint":  {"pm_1", 200, `{"id":"pm_1","card":{"fingerprint":"a b","country":"GB"}}`, fraud.CardAnswer{}, "unknown"},
		"no country":      {"pm_1", 200, `{"id":"pm_1","card":{"fingerprint":"a","country":"England"}}`, fraud.CardAnswer{}, "unknown"},
		"too many":        {"pm_1", 429, `{"error":{"type":"rate_limit_error"}}`, fraud.CardAnswer{}, "429"},
		"down":            {"pm_1", 500, `{"error":{"type":"api_error"}}`, fraud.CardAnswer{}, "500"},
		"another's key":   {"pm_1", 401, `{"error":{"type":"invalid_request_error"}}`, fraud.CardAnswer{}, "--stripe-key-file"},
		"not the gateway": {"pm_1", 200, `<html>`, fraud.CardAnswer{}, "stripe"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(c.status)
			io.WriteString(w, c.body)
		}))
		got, err := identify(t, server.URL, c.token)
		server.Close()
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "not2b")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
