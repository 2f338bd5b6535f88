package api

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"orderflow.example/services/refund"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/idempotency/idempotencytest"
	"orderflow.example/shared/httpserver/openapi"
)

var key = bytes.Repeat([]byte("k"), 32)

// till is the refunds of some orders in memory, of which at most the amount left is granted.
type till map[string]refund.Refund

func (r till) Of(_ context.Context, order string) (refund.Refund, error) {
	if order == "down" {
		return refund.Refund{}, errors.New("the database is down")
	}
	if one, ok := r[order]; ok {
		return one, nil
	}
	return refund.Blank(order), nil
}

func (r till) With(_ context.Context, status refund.Status, after string, limit int) (found []refund.Refund, err error) {
	for _, order := range []string{"a", "b", "c"} {
		if one, ok := r[order]; ok && order > after && len(found) < limit && one.Claims[0].Status == status {
			found = append(found, one)
		}
	}
	return found, nil
}

func (r till) Grant(_ context.Context, order string, g refund.Grant) (refund.Refund, error) {
	now := r[order]
	if sum := g.Shipping + g.Goodwill; now.Refuses() == "" && sum > 0 && sum <= now.Left() {
		now.Pending += sum
		now.Claims = append(now.Claims, refund.Claim{Reason: "granted", GrantID: g.ID, Status: refund.Pending, Amount: sum,
			Operator: g.Operator})
		r[order] = now
	}
	return now, nil
}

func captured(amount int64) refund.Refund {
	return refund.Refund{Order: "a", Taken: true, Currency: "GBP", Captured: amount}
}

func ask(t *testing.T, claims idempotency.Claims, r Refunds, method, path, body, audience, with string) (int, string) {
	t.Helper()
	auth, err := httpserver.NewAuth(key)
	if err != nil {
		t.Fatal(err)
	}
	s := httpserver.New(httpserver.Options{})
	Register(openapi.NewRoutes(s, auth.RequireOperator(), "Operators", "1", ""),
		idempotency.New(claims, slog.New(slog.DiscardHandler)), r)
	token, err := httpserver.Mint(key, audience, "op1", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	if with != "" {
		req.Header.Set("Idempotency-Key", with)
	}
	res := httptest.NewRecorder()
	s.Engine().ServeHTTP(res, req)
	return res.Code, strings.TrimSpace(res.Body.String())
}

const path = "/v1/orders/a/refunds"

func TestARefundIsGrantedOnceForItsKey(t *testing.T) {
	t.Parallel()
	claims, r := idempotencytest.New(), till{"a": captured(1000)}
	body := `{"goodwill":300,"reason":"late"}`
	status, first := ask(t, claims, r, "POST", path, body, httpserver.AudienceOperators, "k1")
	if status != http.StatusAccepted || !strings.Contains(first, `"amount":{"amount":300,"currency":"GBP"}`) ||
		!strings.Contains(first, `"operator":"op1"`) {
		t.Fatalf("got %d %s", status, first)
	}
	if status, again := ask(t, claims, r, "POST", path, body, httpserver.AudienceOperators, "k1"); status != http.StatusAccepted ||
		again != first || r["a"].Pending != 300 {
		t.Errorf("sent again it is %d %s, with %d pending", status, again, r["a"].Pending)
	}
	if status, shown := ask(t, claims, r, "GET", path, "", httpserver.AudienceOperators, ""); status != http.StatusOK ||
		!strings.Contains(shown, `"refundable":{"amount":700,"currency":"GBP"}`) {
		t.Errorf("shown as %d %s", status, shown)
	}
}

func TestARefundThatIsNotPossibleIsRefusedWithItsReason(t *testing.T) {
	t.Parallel()
	disputed := captured(1000)
	disputed.Disputes = []refund.Dispute{{ID: "d", State: refund.DisputeOpen, Amount: 10}}
	spent := captured(1000)
	spent.Refunded = 1000
	waiting := refund.Refund{Order: "a", Claims: []refund.Claim{{Reason: "cancelled", Status: refund.Noted}}}
	const want = `{"goodwill":1001,"reason":"late"}`
	for name, c := range map[string]struct {
		r      refund.Refund
		body   string
		status int
		says   string
	}{
		"too much":  {captured(1000), want, 409, "at most 10.00 GBP"},
		"disputed":  {disputed, want, 409, "dispute-open"},
		"spent":     {spent, want, 409, "nothing-left"},
		"not taken": {waiting, want, 409, "not-captured"},
		"no order":  {refund.Blank("a"), want, 404, "not-found"},
		"nothing":   {captured(1000), `{"reason":"late"}`, 422, "nothing to refund"},
		"no reason": {captured(1000), `{"goodwill":1}`, 422, "body.reason"},
		"negative":  {captured(1000), `{"goodwill":-1,"reason":"late"}`, 422, "body.goodwill"},
		"no pieces": {captured(1000), `{"lines":[{"sku":"A","quantity":0}],"reason":"late"}`, 422, "quantity"},
		"line twice": {captured(1000), `{"lines":[{"sku":"A","quantity":1},{"sku":"A","quantity":1}],"reason":"x"}`, 422,
			"add them up"},
		"unknown": {captured(1000), `{"amount":1,"reason":"late"}`, 422, "body.amount"},
	} {
		r := till{"a": c.r}
		status, body := ask(t, idempotencytest.New(), r, "POST", path, c.body, httpserver.AudienceOperators, "k")
		if status != c.status || !strings.Contains(body, c.says) || r["a"].Pending != 0 {
			t.Errorf("%s: got %d %s", name, status, body)
		}
	}
	for name, c := range map[string][3]string{
		"no key":      {path, httpserver.AudienceOperators, ""},
		"a customer":  {path, httpserver.AudienceCustomers, "k"},
		"no database": {"/v1/orders/down/refunds", httpserver.AudienceOperators, "k"},
	} {
		r := till{"a": captured(1000)}
		status, body := ask(t, idempotencytest.New(), r, "POST", c[0], `{"goodwill":1,"reason":"late"}`, c[1], c[2])
		if status < 400 || r["a"].Pending != 0 {
			t.Errorf("%s: got %d %s", name, status, body)
		}
	}
}

func TestWhatCustomersAreOwedIsListedPageByPage(t *testing.T) {
	t.Parallel()
	one := func(order string, s refund.Status) refund.Refund {
		return refund.Refund{Order: order, Taken: true, Currency: "GBP", Captured: 5,
			Claims: []refund.Claim{{Reason: "cancelled", Status: s, Amount: 5, Why: "card_closed"}}}
	}
	r := till{"a": one("a", refund.Owed), "b": one("b", refund.Failed), "c": one("c", refund.Owed)}
	get := func(query string) (int, string) {
		return ask(t, idempotencytest.New(), r, "GET", "/v1/refunds"+query, "", httpserver.AudienceOperators, "")
	}
	status, first := get("?limit=1")
	if status != 200 || !strings.Contains(first, `"order":"a"`) || !strings.Contains(first, "next_cursor") ||
		!strings.Contains(first, `"why":"card_closed"`) {
		t.Errorf("got %d %s", status, first)
	}
	if status, body := get("?status=failed"); status != 200 || !strings.Contains(body, `"order":"b"`) ||
		strings.Contains(body, `"order":"a"`) {
		t.Errorf("got %d %s", status, body)
	}
	if status, body := get("?status=odd"); status != 422 {
		t.Errorf("got %d %s", status, body)
	}
}
