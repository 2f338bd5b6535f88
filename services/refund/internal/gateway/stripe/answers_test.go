package stripe

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"orderflow.example/services/refund"
	"orderflow.example/shared/engine"
)

type said struct {
	status int
	body   string
}

func TestARefundIsMadeOnceItExistsAndRefusedForAKnownReason(t *testing.T) {
	t.Parallel()
	const (
		create, list = "POST /v1/refunds e1", "GET /v1/refunds"
		done         = `{"id":"re_1","amount":700,"currency":"eur","payment_intent":"pi_1","status":"%s","metadata":{"refund":"%s"}}`
		pages        = `{"object":"list","url":"/v1/refunds","has_more":%v,"data":[%s]}`
		failure      = `{"error":{"type":"invalid_request_error","code":"%s","param":"%s","message":"secret"}}`
	)
	succeeded := fmt.Sprintf(done, "succeeded", "e1")
	page := func(more bool, refunds ...string) said {
		return said{200, fmt.Sprintf(pages, more, strings.Join(refunds, ","))}
	}
	no := func(status int, code, param string) []said {
		return []said{{status, fmt.Sprintf(failure, code, param)}}
	}
	yes := refund.RefundAnswer{RefundID: "e1"}
	refused := func(why string) refund.RefundAnswer { return refund.RefundAnswer{RefundID: "e1", Refused: why} }
	for name, c := range map[string]struct {
		try     engine.Attempt
		answers []said
		asked   []string
		want    refund.RefundAnswer
		err     string
	}{
		"made":             {firstTry, []said{{200, succeeded}}, []string{create}, yes, ""},
		"on its way":       {firstTry, []said{{200, fmt.Sprintf(done, "pending", "e1")}}, []string{create}, yes, ""},
		"failed once made": {firstTry, []said{{200, fmt.Sprintf(done, "failed", "e1")}}, []string{create}, yes, ""},
		"another amount": {firstTry, []said{{200, strings.ReplaceAll(succeeded, "700", "699")}},
			[]string{create}, refund.RefundAnswer{}, "unknown"},
		"another currency": {firstTry, []said{{200, strings.ReplaceAll(succeeded, "eur", "gbp")}},
			[]string{create}, refund.RefundAnswer{}, "unknown"},
		"another payment": {firstTry, []said{{200, strings.ReplaceAll(succeeded, "pi_1", "pi_2")}},
			[]string{create}, refund.RefundAnswer{}, "unknown"},
		"of no payment": {firstTry, []said{{200, strings.ReplaceAll(succeeded, `"pi_1"`, "null")}},
			[]string{create}, refund.RefundAnswer{}, "unknown"},
		"nothing":  {firstTry, []said{{200, `{}`}}, []string{create}, refund.RefundAnswer{}, "unknown"},
		"too much": {firstTry, no(400, "", "amount"), []string{create}, refused("exceeds_captured"), ""},
		"all given back": {firstTry, no(400, "charge_already_refunded", ""), []string{create},
			refused("exceeds_captured"), ""},
		"in dispute": {firstTry, no(400, "charge_disputed", ""), []string{create}, refused("disputed"), ""},
		"the shop has too little": {firstTry, no(402, "balance_insufficient", ""), []string{create},
			refused("insufficient_balance"), ""},
		"not captured": {firstTry, no(400, "payment_intent_unexpected_state", ""), []string{create},
			refused("not_captured"), ""},
		"unknown": {firstTry, no(404, "resource_missing", "payment_intent"), []string{create},
			refused("unknown_reference"), ""},
		"wrong": {firstTry, no(400, "parameter_unknown", "secret"), []string{create},
			refund.RefundAnswer{}, "refused"},
		"Stripe's fault":     {firstTry, no(500, "", ""), []string{create}, refund.RefundAnswer{}, "unknown"},
		"again, it was made": {laterTry, []said{page(false, succeeded)}, []string{list}, yes, ""},
		"again, on a later page": {laterTry, []said{page(true, fmt.Sprintf(done, "succeeded", "e0")), page(false, succeeded)},
			[]string{list, list}, yes, ""},
		"again, only another was": {laterTry, []said{page(false, fmt.Sprintf(done, "succeeded", "e0")), {200, succeeded}},
			[]string{list, create}, yes, ""},
		"again, with another amount": {laterTry, []said{page(false, strings.ReplaceAll(succeeded, "700", "1"))}, []string{list},
			refund.RefundAnswer{}, "unknown"},
		"again, it is not known": {laterTry, no(503, "", ""), []string{list}, refund.RefundAnswer{}, "unknown"},
		"again, of nothing known": {laterTry, append(no(400, "resource_missing", ""), no(404, "resource_missing", "payment_intent")...),
			[]string{list, create}, refused("unknown_reference"), ""},
	} {
		var heard []string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			heard = append(heard, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+r.Header.Get("Idempotency-Key")))
			a := c.answers[min(len(heard), len(c.answers))-1]
			w.WriteHeader(a.status)
			io.WriteString(w, a.body)
		}))
		got, err := client(t, server.URL).giveBack(t.Context(), c.try, asked)
		server.Close()
		kind := ""
		switch {
		case engine.IsRefused(err):
			kind = "refused"
		case err != nil:
			kind = "unknown"
		}
		if got != c.want || kind != c.err || !slices.Equal(heard, c.asked) {
			t.Errorf("%s: got %+v, %v after %q; want %+v, %s after %q", name, got, err, heard, c.want, c.err, c.asked)
		}
		if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "not2bshown")) {
			t.Errorf("%s: the error repeats the request or the answer: %v", name, err)
		}
	}
}

func TestAnAmountThatStripeCannotGiveBackIsNotAskedFor(t *testing.T) {
	t.Parallel()
	dinars := asked
	dinars.Amount.Amount, dinars.Amount.Currency = 5124, "KWD"
	if got, err := client(t, "http://127.0.0.1:1").giveBack(t.Context(), firstTry, dinars); !engine.IsRefused(err) {
		t.Errorf("got %+v, %v", got, err)
	}
}
