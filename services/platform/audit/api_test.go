package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"orderflow.example/services/payment"
	"orderflow.example/services/platform/world/gateway"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
)

func request(t *testing.T, l *Ledger, audience string) (status int, body string) {
	t.Helper()
	key := bytes.Repeat([]byte("k"), 32)
	auth, err := httpserver.NewAuth(key)
	if err != nil {
		t.Fatal(err)
	}
	s := httpserver.New(httpserver.Options{})
	Register(openapi.NewRoutes(s, auth.RequireOperator(), "Operators", "1", ""), l)
	token, err := httpserver.Mint(key, audience, "op1", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodGet, "/v1/conservation", nil)
	req.Header.Set("Authorization", "Bearer "+token)
	res := httptest.NewRecorder()
	s.Engine().ServeHTTP(res, req)
	return res.Code, strings.TrimSpace(res.Body.String())
}

func TestOperatorsAreToldTheBreaksAndCustomersNothing(t *testing.T) {
	t.Parallel()
	registry, log := prometheus.NewRegistry(), &bytes.Buffer{}
	l := NewLedger(registry)
	l.config.Log = slog.New(slog.NewTextHandler(log, nil))
	if status, body := request(t, l, httpserver.AudienceOperators); status != 200 ||
		body != `{"holds":false,"rounds":0,"checks":[],"breaks":[]}` {
		t.Errorf("before the first look: %d %s", status, body)
	}
	s := &series{shop: open(t, 3)}
	spend := func(p *picture) { change(p, "payment", "completes", func(s *payment.Payment) { s.Captured -= 100 }) }
	for range 3 {
		s.look(t, spend)
		r, err := s.p.check(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		l.enter(s.p, r.Checks)
	}
	status, body := request(t, l, httpserver.AudienceOperators)
	var state State
	if err := json.Unmarshal([]byte(body), &state); err != nil || status != 200 || state.Holds || state.Rounds != 3 ||
		state.CheckedAt == nil || len(state.Breaks) != 2 {
		t.Fatalf("%d %s %v", status, body, err)
	}
	want := `{"kind":"agreement","id":"completes","order":"completes",` +
		`"text":"payment has captured 9.50 GBP, the gateway's book says 10.50 GBP","expected":1050,"found":950,` +
		`"currency":"GBP","since":"`
	if !strings.Contains(body, want) || !strings.Contains(body, `"holds":false,"checked":10,"of":"orders","broken":1}`) {
		t.Errorf("%s\nwithout %s", body, want)
	}
	if status, body := request(t, l, httpserver.AudienceCustomers); status != http.StatusUnauthorized ||
		!strings.Contains(body, "problems/") {
		t.Errorf("a customer's token got %d %s", status, body)
	}
	metric := `
# HELP orderflow_conservation_breaks What does not hold between the services, by check.
# TYPE orderflow_conservation_breaks gauge
orderflow_conservation_breaks{kind="agreement"} 1
orderflow_conservation_breaks{kind="ends"} 0
orderflow_conservation_breaks{kind="invoices"} 0
orderflow_conservation_breaks{kind="journal"} 0
orderflow_conservation_breaks{kind="messages"} 0
orderflow_conservation_breaks{kind="money"} 0
orderflow_conservation_breaks{kind="numbers"} 0
orderflow_conservation_breaks{kind="parcels"} 0
orderflow_conservation_breaks{kind="parked"} 0
orderflow_conservation_breaks{kind="replay"} 1
orderflow_conservation_breaks{kind="reservations"} 0
orderflow_conservation_breaks{kind="sagas"} 0
orderflow_conservation_breaks{kind="settled"} 0
orderflow_conservation_breaks{kind="stock"} 0
orderflow_conservation_breaks{kind="topics"} 0
orderflow_conservation_breaks{kind="watermarks"} 0
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(metric), "orderflow_conservation_breaks"); err != nil {
		t.Error(err)
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 2 ||
		!strings.Contains(log.String(), "order=completes expected=1050 found=950") {
		t.Errorf("logged %d times in three looks:\n%s", n, log)
	}
}

func TestALedgerThatCannotLookSaysSoAndRaisesNothing(t *testing.T) {
	t.Parallel()
	l := NewLedger(nil)
	var c Config
	c.Book = func(context.Context, int64) ([]gateway.Entry, error) { return nil, errors.New("the book is down") }
	c.defaults()
	l.config = c
	l.round(t.Context())
	first := l.State()
	l.round(t.Context())
	s := l.State()
	if s.Error != "the book is down" || s.ErrorSince == nil || !s.ErrorSince.Equal(*first.ErrorSince) || s.Rounds != 0 || s.Holds ||
		len(s.Breaks) > 0 {
		t.Errorf("%+v, at first %+v", s, first)
	}
	l.config.Book = nil
	l.picture = nil
	l.round(t.Context())
	if s := l.State(); s.Error != "" || s.ErrorSince != nil || s.Rounds != 1 {
		t.Errorf("once it can again: %+v", s)
	}
}
