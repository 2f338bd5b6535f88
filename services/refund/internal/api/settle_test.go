package api

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"orderflow.example/services/refund"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/idempotency/idempotencytest"
)

func (r till) Settle(_ context.Context, order string, s refund.Settlement) (refund.Refund, error) {
	now := r[order]
	if now.RefusesToSettle(s.RefundID) == "" {
		now.Claims = append(now.Claims[:0:0], now.Claims...)
		now.Claims[0].Status = refund.Settled
		now.Claims[0].Paid = &refund.Paid{ID: s.ID, How: s.How, Reference: s.Reference, Operator: s.Operator}
		r[order] = now
	}
	return now, nil
}

func claimed(s refund.Status) refund.Refund {
	r := captured(1000)
	r.Claims = []refund.Claim{{Reason: "cancelled", Status: s, Amount: 1000, RefundID: "e1", Why: "card_closed"}}
	return r
}

const (
	settlementPath = path + "/e1/settlement"
	transferred    = `{"how":"bank_transfer","reference":"FT-1","note":"by telephone"}`
)

func TestWhatIsOwedIsSettledOnceForItsKeyAndShown(t *testing.T) {
	t.Parallel()
	claims, r := idempotencytest.New(), till{"a": claimed(refund.Owed)}
	post := func(key string) (int, string) {
		return ask(t, claims, r, "POST", settlementPath, transferred, httpserver.AudienceOperators, key)
	}
	status, first := post("k1")
	if status != http.StatusOK || !strings.Contains(first, `"status":"settled"`) ||
		!strings.Contains(first, `"how":"bank_transfer","reference":"FT-1","operator":"op1"`) {
		t.Fatalf("got %d %s", status, first)
	}
	if status, again := post("k1"); status != http.StatusOK || again != first {
		t.Errorf("sent again it is %d %s", status, again)
	}
	if status, other := post("k2"); status != http.StatusConflict || !strings.Contains(other, "already-settled") {
		t.Errorf("with another key it is %d %s", status, other)
	}
	status, shown := ask(t, claims, r, "GET", path, "", httpserver.AudienceOperators, "")
	if status != http.StatusOK || !strings.Contains(shown, `"settled":{"amount":1000,"currency":"GBP"}`) ||
		!strings.Contains(shown, `"refundable":{"amount":0,"currency":"GBP"}`) {
		t.Errorf("shown as %d %s", status, shown)
	}
}

func TestWhatTheCustomerHasFromTheirBankIsNotShownAsOwedAnyMore(t *testing.T) {
	t.Parallel()
	for charged, says := range map[int64]string{0: `"status":"owed","amount":{"amount":1000,`,
		700: `"status":"owed","amount":{"amount":300,`, 1000: `"items":[]`} {
		r := claimed(refund.Owed)
		r.Disputes = []refund.Dispute{{ID: "d", State: refund.DisputeLost, Amount: charged}}
		if _, list := ask(t, idempotencytest.New(), till{"a": r}, "GET", "/v1/refunds?status=owed", "", httpserver.AudienceOperators,
			""); !strings.Contains(list, says) {
			t.Errorf("%d charged back: %s", charged, list)
		}
		_, shown := ask(t, idempotencytest.New(), till{"a": r}, "GET", path, "", httpserver.AudienceOperators, "")
		r.Claims[0].Status = refund.Failed
		_, failed := ask(t, idempotencytest.New(), till{"a": r}, "GET", path, "", httpserver.AudienceOperators, "")
		for _, text := range []string{shown, failed} {
			if strings.Contains(text, `"covered"`) != (charged == 1000) {
				t.Errorf("%d charged back: %s", charged, text)
			}
		}
	}
}

func TestASettlementThatIsNotPossibleIsRefusedWithItsReason(t *testing.T) {
	t.Parallel()
	disputed, spent := claimed(refund.Owed), claimed(refund.Owed)
	disputed.Disputes = []refund.Dispute{{ID: "d", State: refund.DisputeOpen, Amount: 10}}
	spent.Refunded = spent.Captured
	for name, c := range map[string]struct {
		r      refund.Refund
		path   string
		body   string
		status int
		says   string
	}{
		"no such order":  {claimed(refund.Owed), "/v1/orders/b/refunds/e1/settlement", transferred, 404, "not-found"},
		"no such refund": {claimed(refund.Owed), path + "/e2/settlement", transferred, 404, "not-found"},
		"pending":        {claimed(refund.Pending), settlementPath, transferred, 409, "not-owed"},
		"failed":         {claimed(refund.Failed), settlementPath, transferred, 409, "not-owed"},
		"issued":         {claimed(refund.Issued), settlementPath, transferred, 409, "not-owed"},
		"disputed":       {disputed, settlementPath, transferred, 409, "dispute-open"},
		"given back":     {spent, settlementPath, transferred, 409, "refund-exceeds"},
		"no way":         {claimed(refund.Owed), settlementPath, `{"reference":"FT-1"}`, 422, "body.how"},
		"another way":    {claimed(refund.Owed), settlementPath, `{"how":"shells","reference":"FT-1"}`, 422, "body.how"},
		"no reference":   {claimed(refund.Owed), settlementPath, `{"how":"cheque"}`, 422, "body.reference"},
		"blank":          {claimed(refund.Owed), settlementPath, `{"how":"cheque","reference":" "}`, 422, "body.reference"},
		"an amount":      {claimed(refund.Owed), settlementPath, `{"how":"cheque","reference":"1","amount":1}`, 422, "body.amount"},
	} {
		r := till{"a": c.r}
		status, body := ask(t, idempotencytest.New(), r, "POST", c.path, c.body, httpserver.AudienceOperators, "k")
		if status != c.status || !strings.Contains(body, c.says) || r["a"].Settled() != 0 || len(r) != 1 {
			t.Errorf("%s: got %d %s", name, status, body)
		}
	}
	for name, c := range map[string][2]string{
		"no key":     {httpserver.AudienceOperators, ""},
		"a customer": {httpserver.AudienceCustomers, "k"},
	} {
		r := till{"a": claimed(refund.Owed)}
		status, body := ask(t, idempotencytest.New(), r, "POST", settlementPath, transferred, c[0], c[1])
		if status < 400 || r["a"].Settled() != 0 {
			t.Errorf("%s: got %d %s", name, status, body)
		}
	}
}
