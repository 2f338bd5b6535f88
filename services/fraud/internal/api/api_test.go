package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/services/fraud"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/idempotency/idempotencytest"
	"orderflow.example/shared/httpserver/openapi"
)

var (
	key   = bytes.Repeat([]byte("k"), 32)
	since = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
)

// desk is a set of cases in memory, in the order of their orders.
type desk []fraud.Case

func (d desk) Open(_ context.Context, after string, limit int) (open []fraud.Case, err error) {
	for _, c := range d {
		if c.Status == fraud.InReview && c.Order > after && len(open) < limit {
			open = append(open, c)
		}
	}
	return open, nil
}

func (d desk) Of(_ context.Context, order string) (fraud.Case, error) {
	if order == "down" {
		return fraud.Case{}, errors.New("the database is down")
	}
	if i := slices.IndexFunc(d, func(c fraud.Case) bool { return c.Order == order }); i >= 0 {
		return d[i], nil
	}
	return fraud.Blank(order), nil
}

func (d desk) Decide(ctx context.Context, order string, by fraud.Decision) (fraud.Case, bool, error) {
	c, _ := d.Of(ctx, order)
	if order == "raced" { // another decision came first
		c.Status = fraud.Cleared
		return c, false, nil
	}
	c.Status, c.By, c.Operator = fraud.Rejected, "operator", by.By
	if by.Approve {
		c.Status = fraud.Cleared
	}
	return c, true, nil
}

func ask(t *testing.T, d desk, method, path, body, audience string) (status int, answer string) {
	t.Helper()
	return askWith(t, idempotencytest.New(), d, method, path, body, audience, "")
}

func askWith(t *testing.T, claims idempotency.Claims, d Reviews, method, path, body, audience,
	idempotencyKey string) (status int, answer string) {
	t.Helper()
	auth, err := httpserver.NewAuth(key)
	if err != nil {
		t.Fatal(err)
	}
	s := httpserver.New(httpserver.Options{})
	Register(openapi.NewRoutes(s, auth.RequireOperator(), "Operators", "1", ""),
		idempotency.New(claims, slog.New(slog.DiscardHandler)), d)
	token, err := httpserver.Mint(key, audience, "op1", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	if idempotencyKey != "" {
		req.Header.Set("Idempotency-Key", idempotencyKey)
	}
	res := httptest.NewRecorder()
	s.Engine().ServeHTTP(res, req)
	return res.Code, strings.TrimSpace(res.Body.String())
}

func inReview(order string) fraud.Case {
	return fraud.Case{Order: order, Status: fraud.InReview, Score: 45, Rules: []string{"amount"}, Since: since}
}

func TestOperatorsPageThroughTheOpenReviews(t *testing.T) {
	t.Parallel()
	d := desk{inReview("a"), {Order: "b", Status: fraud.Cleared}, inReview("c"), inReview("d")}
	var orders []string
	cursor := ""
	for range 3 {
		status, body := ask(t, d, http.MethodGet, "/v1/reviews?limit=1&cursor="+cursor, "", httpserver.AudienceOperators)
		var p page
		if err := json.Unmarshal([]byte(body), &p); err != nil || status != http.StatusOK || len(p.Items) != 1 {
			t.Fatalf("got %d %s", status, body)
		}
		orders, cursor = append(orders, p.Items[0].Order), p.NextCursor
	}
	if !slices.Equal(orders, []string{"a", "c", "d"}) || cursor != "" {
		t.Fatalf("paged through %v, next %q", orders, cursor)
	}
	if status, body := ask(t, nil, http.MethodGet, "/v1/reviews", "", httpserver.AudienceOperators); status != http.StatusOK ||
		body != `{"items":[]}` {
		t.Errorf("got %d %s", status, body)
	}
	for _, query := range []string{"limit=0", "limit=x", "limit=201", "cursor=x"} {
		if status, _ := ask(t, d, http.MethodGet, "/v1/reviews?"+query, "",
			httpserver.AudienceOperators); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: got %d", query, status)
		}
	}
}

func TestAnOperatorDecidesAnOpenReviewAndIsToldWhenThereIsNone(t *testing.T) {
	t.Parallel()
	decided, closed := inReview("decided"), inReview("closed")
	decided.Status, closed.Status = fraud.Rejected, fraud.Closed
	d := desk{inReview("open"), inReview("raced"), decided, closed, {Order: "by-rules", Status: fraud.Cleared}}
	want := `{"order":"open","status":"cleared","score":45,"rules":["amount"],` +
		`"since":"2030-01-02T03:04:05Z","due":"2030-01-09T03:04:05Z",` +
		`"by":"operator","operator":"op1"}`
	if status, body := ask(t, d, http.MethodPost, "/v1/reviews/open", `{"approve":true}`,
		httpserver.AudienceOperators); status != http.StatusOK || body != want {
		t.Errorf("got %d %s\nwant %s", status, body, want)
	}
	if status, body := ask(t, d, http.MethodPost, "/v1/reviews/open", `{"approve":false}`,
		httpserver.AudienceOperators); status != http.StatusOK || !strings.Contains(body, `"rejected"`) {
		t.Errorf("got %d %s", status, body)
	}
	for order, want := range map[string]int{"unknown": 404, "by-rules": 404, "decided": 409, "closed": 409, "raced": 409,
		"down": 503} {
		if status, body := ask(t, d, http.MethodPost, "/v1/reviews/"+order, `{"approve":true}`,
			httpserver.AudienceOperators); status != want || strings.Contains(body, "database") {
			t.Errorf("%s: got %d %s", order, status, body)
		}
	}
	for body, want := range map[string]int{`{}`: 422, `{"approve":null}`: 422, `{"approve":"yes"}`: 422,
		`{"approve":true,"x":1}`: 422, ``: 400} {
		if status, _ := ask(t, d, http.MethodPost, "/v1/reviews/open", body, httpserver.AudienceOperators); status != want {
			t.Errorf("%s: got %d", body, status)
		}
	}
	if status, _ := ask(t, d, http.MethodPost, "/v1/reviews/open", `{"approve":true}`,
		httpserver.AudienceCustomers); status != http.StatusUnauthorized {
		t.Errorf("a customer's token got %d", status)
	}
}

// cases keeps the decisions.
type cases struct{ desk }

func (c cases) Decide(ctx context.Context, order string, by fraud.Decision) (fraud.Case, bool, error) {
	now, decided, err := c.desk.Decide(ctx, order, by)
	c.desk[slices.IndexFunc(c.desk, func(c fraud.Case) bool { return c.Order == order })] = now
	return now, decided, err
}

func TestADecisionThatIsSentAgainIsAnsweredAsItWasFirst(t *testing.T) {
	t.Parallel()
	claims, d := idempotencytest.New(), cases{desk{inReview("open")}}
	decide := func(body, key string) (int, string) {
		return askWith(t, claims, d, http.MethodPost, "/v1/reviews/open", body, httpserver.AudienceOperators, key)
	}
	_, first := decide(`{"approve":true}`, "k")
	if status, again := decide(`{"approve":true}`, "k"); status != 200 || again != first {
		t.Errorf("%d %s, first %s", status, again, first)
	}
	for _, body := range []string{`{"approve":false}`, `{"approve":1}`} {
		if status, answer := decide(body, "k"); status != 422 || !strings.Contains(answer, "idempotency-key-reused") {
			t.Errorf("%s: %d %s", body, status, answer)
		}
	}
	claims.Lose(claims.All()[0].Name) // the process died before it answered
	if status, again := decide(`{"approve":true}`, "k"); status != 200 || again != first {
		t.Errorf("%d %s, first %s", status, again, first)
	}
	if status, answer := decide(`{"approve":true}`, "another"); status != 409 || !strings.Contains(answer, "review-decided") {
		t.Errorf("another decision: %d %s", status, answer)
	}
}
