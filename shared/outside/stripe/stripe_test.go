package stripe_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/outside/stripe"
)

const key = "sk_test_not2bshown"

// ask sends one request to a server that answers so, and returns the engine's reading of the error.
func ask(t *testing.T, method string, handle http.HandlerFunc) (kind string, err error) {
	t.Helper()
	server := httptest.NewServer(handle)
	defer server.Close()
	api, err := stripe.New(key, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if method == "GET" {
		_, err = api.V1PaymentIntents.Retrieve(t.Context(), "pi_1", nil)
	} else {
		_, err = api.V1PaymentIntents.Cancel(t.Context(), "pi_1", nil)
	}
	if err == nil {
		return "answer", nil
	}
	err = stripe.Outcome(method, err)
	switch {
	case engine.IsRefused(err):
		return "refused", err
	case strings.Contains(err.Error(), "ask again in 7s"):
		return "later", err
	}
	return "again", err
}

func says(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Request-Id", "req_Ab12")
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func TestWhatIsNoAnswerIsRefusedOrAskedAgain(t *testing.T) {
	t.Parallel()
	failure := func(kind string) string {
		return `{"error":{"type":"` + kind + `","code":"not2bshown","message":"not2bshown","param":"not2bshown"}}`
	}
	for name, c := range map[string]struct {
		method string
		handle http.HandlerFunc
		want   string
	}{
		"a success":               {"POST", says(200, `{"id":"pi_1"}`), "answer"},
		"invalid":                 {"POST", says(400, failure("invalid_request_error")), "refused"},
		"key of another request":  {"POST", says(400, failure("idempotency_error")), "refused"},
		"not there":               {"POST", says(404, failure("invalid_request_error")), "refused"},
		"not there yet":           {"GET", says(404, failure("invalid_request_error")), "again"},
		"declined, unheard of":    {"POST", says(402, failure("card_error")), "again"},
		"key under way":           {"POST", says(409, failure("idempotency_error")), "again"},
		"a wrong key":             {"POST", says(401, failure("invalid_request_error")), "again"},
		"a key without the right": {"POST", says(403, failure("invalid_request_error")), "again"},
		"the issuer's fault":      {"POST", says(424, failure("api_error")), "again"},
		"too many":                {"POST", says(429, failure("invalid_request_error")), "again"},
		"too many, for now":       {"POST", says(429, failure("invalid_request_error"), "Retry-After", "7"), "later"},
		"Stripe's fault":          {"POST", says(500, failure("api_error")), "again"},
		"an unknown type":         {"POST", says(500, failure("not2bshown")), "again"},
		"a proxy's page":          {"POST", says(502, "<html>not2bshown</html>"), "again"},
		"a proxy's refusal":       {"POST", says(400, "<html>not2bshown</html>"), "again"},
		"no JSON":                 {"POST", says(200, "not2bshown"), "again"},
		"half an answer":          {"POST", says(200, `{"id":"not2b`), "again"},
		"nothing":                 {"POST", says(200, ``), "again"},
		"elsewhere":               {"POST", says(307, `not2bshown`, "Location", "http://not2bshown.example/"), "again"},
		"a strange request id":    {"POST", says(500, failure("api_error"), "Request-Id", "not2bshown"), "again"},
		"without end":             {"POST", says(200, `{"id":"`+strings.Repeat("not2bshown", 1<<18)+`"}`), "again"},
		"the connection breaks":   {"POST", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "again"},
	} {
		kind, err := ask(t, c.method, c.handle)
		if kind != c.want {
			t.Errorf("%s: %s (%v), want %s", name, kind, err, c.want)
		}
		if err != nil && (strings.Contains(err.Error(), "not2b") || !strings.HasPrefix(err.Error(), "stripe: "+c.method)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ask(t, "POST", says(400, failure("invalid_request_error"))); !strings.HasSuffix(err.Error(), "as req_Ab12)") {
		t.Errorf("%v does not say where Stripe has the request", err)
	}
	if _, err := ask(t, "POST", says(401, failure("invalid_request_error"))); !strings.Contains(err.Error(), "--stripe-key-file") {
		t.Errorf("%v does not say what to do", err)
	}
}

func TestEachRequestIsSentOnceWithTheKeyAndNothingOfTheMachine(t *testing.T) {
	t.Parallel()
	var heard []http.Header
	kind, err := ask(t, "POST", func(w http.ResponseWriter, r *http.Request) {
		heard = append(heard, r.Header)
		says(503, `{"error":{"type":"api_error"}}`, "Stripe-Should-Retry", "true")(w, r)
	})
	if kind != "again" || len(heard) != 1 {
		t.Fatalf("sent %d times, %v", len(heard), err)
	}
	if got := heard[0].Get("Authorization"); got != "Bearer "+key {
		t.Errorf("authorization %q", got)
	}
	if heard[0].Get("X-Stripe-Client-Telemetry") != "" {
		t.Error("telemetry is sent")
	}
}

func TestAWrongSettingIsNamedWithoutTheKey(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ key, url, want string }{
		{key, "https://api.stripe.com", ""},
		{"rk_live_not2bshown", "https://api.stripe.com", ""},
		{key, "http://127.0.0.1:8080/sim/stripe", ""},
		{"sk_live_not2bshown", "http://127.0.0.1:8080/sim/stripe", "stripe-url"},
		{"rk_live_not2bshown", "https://stripe.com.example", "stripe-url"},
		{"sk_live_not2bshown", "http://api.stripe.com", "stripe-url"},
		{key, "", "stripe-url"},
		{key, "api.stripe.com", "stripe-url"},
		{key, "ftp://not2bshown", "stripe-url"},
		{"pk_test_not2bshown", "https://api.stripe.com", "stripe-key-file"},
		{"whsec_not2bshown", "https://api.stripe.com", "stripe-key-file"},
		{"sk_test_not2bshown\nsk_test_not2bshown", "https://api.stripe.com", "stripe-key-file"},
		{"", "https://api.stripe.com", "stripe-key-file"},
	} {
		_, err := stripe.New(c.key, c.url)
		switch {
		case (err == nil) != (c.want == ""):
			t.Errorf("%s at %s: %v", c.key, c.url, err)
		case err != nil && (!strings.HasPrefix(err.Error(), c.want+": ") || strings.Contains(err.Error(), "not2b") ||
			strings.Contains(err.Error(), "\n")):
			t.Errorf("%s at %s: %v", c.key, c.url, err)
		}
	}
}

// Stripe's own client writes to the standard streams of the process unless it is told not to.
func TestNothingIsWrittenToTheStandardStreams(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, errs := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = write, write
	_, failed := ask(t, "POST", says(400, `{"error":{"type":"invalid_request_error","message":"`+key+`"}}`))
	_, lost := ask(t, "POST", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	os.Stdout, os.Stderr = out, errs
	write.Close()
	if text, err := io.ReadAll(read); err != nil || len(text) > 0 {
		t.Errorf("%v, written: %s", err, text)
	}
	if failed == nil || lost == nil {
		t.Error("the requests should have failed")
	}
}

func TestACancelledTryAndAnAddressWhereNobodyListensAreNamed(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	api, err := stripe.New(key, "http://"+address)
	if err != nil {
		t.Fatal(err)
	}
	_, err = api.V1PaymentIntents.Retrieve(t.Context(), "pi_1", nil)
	if err = stripe.Outcome("GET", err); !strings.Contains(err.Error(), address) || strings.Contains(err.Error(), "pi_1") {
		t.Errorf("%v, want it to name %s", err, address)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = api.V1PaymentIntents.Retrieve(ctx, "pi_1", nil)
	if err = stripe.Outcome("GET", err); !strings.Contains(err.Error(), context.Canceled.Error()) {
		t.Errorf("cancelled by the caller: %v", err)
	}
}

func TestAmountsAreInStripesUnits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		minor    int64
		currency string
		amount   int64
		ok       bool
	}{
		{700, "GBP", 700, true}, {700, "JPY", 700, true}, {5, "ISK", 500, true}, {1 << 62, "ISK", 0, false},
		{500, "MGA", 5, true}, {501, "MGA", 0, false}, {5120, "KWD", 5120, true}, {5124, "KWD", 0, false}, {5, "UGX", 0, false},
	} {
		amount, ok := stripe.Amount(c.minor, c.currency)
		if ok != c.ok || ok && amount != c.amount {
			t.Errorf("%d %s: %d, %v", c.minor, c.currency, amount, ok)
		}
		if back, whole := stripe.Minor(amount, c.currency); ok && (!whole || back != c.minor) {
			t.Errorf("%d %s of Stripe: %d, %v", amount, c.currency, back, whole)
		}
	}
	for currency, amount := range map[string]int64{"ISK": 501, "UGX": 5, "MGA": 1 << 62} {
		if minor, whole := stripe.Minor(amount, currency); whole {
			t.Errorf("%d %s of Stripe: %d", amount, currency, minor)
		}
	}
}
