package stripe

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/payment"
	"orderflow.example/services/payment"
	"orderflow.example/shared/engine"
)

// said is an answer of Stripe's.
type said struct {
	status int
	body   string
}

// stand answers requests in turn, and returns the client and the requests it got.
func stand(t *testing.T, answers ...said) (*Client, *[]string) {
	t.Helper()
	heard := &[]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*heard = append(*heard, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+r.Header.Get("Idempotency-Key")))
		if len(*heard) > len(answers) {
			t.Errorf("asked once too often: %q", *heard)
			return
		}
		a := answers[len(*heard)-1]
		w.WriteHeader(a.status)
		io.WriteString(w, a.body)
	}))
	t.Cleanup(server.Close)
	return client(t, server.URL), heard
}

// kind is how the engine takes an error. It fails if the error repeats a secret.
func kind(t *testing.T, err error) string {
	t.Helper()
	switch {
	case err == nil:
		return ""
	case strings.Contains(err.Error(), "secret"), strings.Contains(err.Error(), key):
		t.Errorf("the error repeats the request or the answer: %v", err)
	case engine.IsRefused(err):
		return "refused"
	case strings.Contains(err.Error(), "ask again in"):
		return "later"
	}
	return "unknown"
}

const (
	onHold    = `{"id":"pi_1","status":"requires_capture","amount":700,"amount_capturable":700,"currency":"gbp"}`
	taken     = `{"id":"pi_1","status":"succeeded","amount":700,"amount_received":700,"currency":"gbp"}`
	cancelled = `{"id":"pi_1","status":"canceled","amount":700,"currency":"gbp",
		"latest_charge":{"id":"ch_1","status":"succeeded","amount":700,"captured":false,"refunded":true}}`
	none     = `{"object":"list","data":[],"has_more":false}`
	reused   = `{"error":{"type":"idempotency_error","message":"secret"}}`
	declines = `{"error":{"type":"card_error","code":"card_declined","decline_code":"%s","message":"secret"}}`
)

func found(intent string) string {
	return `{"object":"search_result","data":[` + strings.Replace(intent, `{"id"`,
		`{"metadata":{"attempt":"%s"},"id"`, 1) + `],"has_more":false}`
}

func invalid(code, param string) string {
	return fmt.Sprintf(`{"error":{"type":"invalid_request_error","code":%q,"param":%q,"message":"secret"}}`, code, param)
}

func TestAnAuthorizationIsAPaymentIntentThatHoldsTheAmountOrAKnownNo(t *testing.T) {
	t.Parallel()
	yes, no := payment.AuthorizeAnswer{Reference: "pi_1"},
		func(why string) payment.AuthorizeAnswer { return payment.AuthorizeAnswer{Refused: why} }
	for _, c := range []struct {
		said
		want payment.AuthorizeAnswer
		err  string
	}{
		{said{200, onHold}, yes, ""},
		{said{200, strings.ReplaceAll(onHold, `capturable":700`, `capturable":699`)}, payment.AuthorizeAnswer{}, "unknown"},
		{said{200, strings.ReplaceAll(onHold, "gbp", "eur")}, payment.AuthorizeAnswer{}, "unknown"},
		{said{200, strings.ReplaceAll(onHold, "pi_1", "")}, payment.AuthorizeAnswer{}, "unknown"},
		{said{200, strings.ReplaceAll(onHold, "requires_capture", "requires_action")}, payment.AuthorizeAnswer{}, "unknown"},
		{said{200, strings.ReplaceAll(onHold, "requires_capture", "processing")}, payment.AuthorizeAnswer{}, "unknown"},
		{said{200, taken}, payment.AuthorizeAnswer{}, "unknown"},
		{said{200, cancelled}, no("voided"), ""},
		{said{200, `{}`}, payment.AuthorizeAnswer{}, "unknown"},
		{said{200, `null`}, payment.AuthorizeAnswer{}, "unknown"},
		{said{402, fmt.Sprintf(declines, "do_not_honor")}, no("card_declined"), ""},
		{said{402, fmt.Sprintf(declines, "insufficient_funds")}, no("insufficient_funds"), ""},
		{said{402, `{"error":{"type":"invalid_request_error"}}`}, payment.AuthorizeAnswer{}, "unknown"},
		{said{500, fmt.Sprintf(declines, "do_not_honor")}, payment.AuthorizeAnswer{}, "unknown"},
		{said{400, invalid("resource_missing", "payment_method")}, no("unknown_token"), ""},
		{said{400, invalid("amount_too_small", "amount")}, no("amount_not_accepted"), ""},
		{said{400, invalid("parameter_unknown", "colour")}, payment.AuthorizeAnswer{}, "refused"},
		{said{400, reused}, payment.AuthorizeAnswer{}, "unknown"},
		{said{409, reused}, payment.AuthorizeAnswer{}, "unknown"},
		{said{401, invalid("", "")}, payment.AuthorizeAnswer{}, "unknown"},
		{said{429, invalid("lock_timeout", "")}, payment.AuthorizeAnswer{}, "unknown"},
		{said{500, `secret`}, payment.AuthorizeAnswer{}, "unknown"},
	} {
		client, heard := stand(t, c.said)
		got, err := client.authorize(t.Context(), firstTry, authorizing)
		if got != c.want || kind(t, err) != c.err || !slices.Equal(*heard, []string{"POST /v1/payment_intents e1"}) {
			t.Errorf("%d %s: got %+v, %v after %q; want %+v, %s", c.status, c.body, got, err, *heard, c.want, c.err)
		}
	}
	client, heard := stand(t)
	dinars := event.AuthorizationRequestedV1{Amount: schemas.Money{Amount: 5124, Currency: "KWD"}, PaymentToken: "pm_secret"}
	if got, err := client.authorize(t.Context(), firstTry,
		dinars); got != no("amount_not_accepted") || err != nil || len(*heard) > 0 {
		t.Errorf("an amount that Stripe cannot take: %+v, %v after %q", got, err, *heard)
	}
}

func TestALaterTryToAuthorizeLooksForWhatAnEarlierOneDid(t *testing.T) {
	t.Parallel()
	const search, create = "GET /v1/payment_intents/search", "POST /v1/payment_intents e1"
	lapsed := `{"id":"pi_1","status":"requires_payment_method","last_payment_error":{"type":"card_error","code":"card_declined"}}`
	for name, c := range map[string]struct {
		answers []said
		asked   []string
		want    payment.AuthorizeAnswer
		err     string
	}{
		"it authorised": {[]said{{200, fmt.Sprintf(found(onHold), "e1")}}, []string{search},
			payment.AuthorizeAnswer{Reference: "pi_1"}, ""},
		"it was declined": {[]said{{200, fmt.Sprintf(found(lapsed), "e1")}}, []string{search},
			payment.AuthorizeAnswer{Refused: "card_declined"}, ""},
		"nothing is found": {[]said{{200, none}, {200, onHold}}, []string{search, create},
			payment.AuthorizeAnswer{Reference: "pi_1"}, ""},
		"only another": {[]said{{200, fmt.Sprintf(found(onHold), "e2")}, {200, onHold}}, []string{search, create},
			payment.AuthorizeAnswer{Reference: "pi_1"}, ""},
		"it is not known": {[]said{{500, `{}`}}, []string{search}, payment.AuthorizeAnswer{}, "unknown"},
	} {
		client, heard := stand(t, c.answers...)
		got, err := client.authorize(t.Context(), laterTry, authorizing)
		if got != c.want || kind(t, err) != c.err || !slices.Equal(*heard, c.asked) {
			t.Errorf("%s: got %+v, %v after %q; want %+v, %s after %q", name, got, err, *heard, c.want, c.err, c.asked)
		}
	}
}

func TestACaptureIsAPaymentIntentThatTookTheAmount(t *testing.T) {
	t.Parallel()
	const take, look = "POST /v1/payment_intents/pi_1/capture e1", "GET /v1/payment_intents/pi_1"
	unexpected := func(intent string) string {
		return `{"error":{"type":"invalid_request_error","code":"payment_intent_unexpected_state","payment_intent":` + intent + `}}`
	}
	for name, c := range map[string]struct {
		try     engine.Attempt
		answers []said
		asked   []string
		refused string
		err     string
	}{
		"taken": {firstTry, []said{{200, taken}}, []string{take}, "", ""},
		"another amount": {firstTry, []said{{200, strings.ReplaceAll(taken, `received":700`, `received":7`)}},
			[]string{take}, "already_captured", ""},
		"another currency": {firstTry, []said{{200, strings.ReplaceAll(taken, "gbp", "eur")}}, []string{take},
			"currency_mismatch", ""},
		"another PaymentIntent": {firstTry, []said{{200, strings.ReplaceAll(taken, "pi_1", "pi_2")}}, []string{take}, "", "unknown"},
		"not yet": {firstTry, []said{{200, strings.ReplaceAll(taken, "succeeded", "processing")}},
			[]string{take}, "", "unknown"},
		"taken before":     {firstTry, []said{{400, unexpected(taken)}}, []string{take}, "", ""},
		"cancelled before": {firstTry, []said{{400, unexpected(cancelled)}}, []string{take}, "voided", ""},
		"declined":         {firstTry, []said{{402, fmt.Sprintf(declines, "x")}}, []string{take}, "capture_failed", ""},
		"expired":          {firstTry, []said{{400, invalid("charge_expired_for_capture", "")}}, []string{take}, "expired", ""},
		"too much": {firstTry, []said{{400, invalid("amount_too_large", "amount_to_capture")}},
			[]string{take}, "exceeds_authorized", ""},
		"unknown": {firstTry, []said{{404, invalid("resource_missing", "intent")}}, []string{take},
			"unknown_reference", ""},
		"key used":               {firstTry, []said{{400, reused}}, []string{take}, "", "refused"},
		"Stripe's fault":         {firstTry, []said{{500, `{}`}}, []string{take}, "", "unknown"},
		"again, it was taken":    {laterTry, []said{{200, taken}}, []string{look}, "", ""},
		"again, it was not":      {laterTry, []said{{200, onHold}, {200, taken}}, []string{look, take}, "", ""},
		"again, it was let go":   {laterTry, []said{{200, cancelled}}, []string{look}, "voided", ""},
		"again, it is not known": {laterTry, []said{{503, ``}}, []string{look}, "", "unknown"},
	} {
		client, heard := stand(t, c.answers...)
		got, err := client.capture(t.Context(), c.try, capturing)
		if got.Refused != c.refused || kind(t, err) != c.err || !slices.Equal(*heard, c.asked) {
			t.Errorf("%s: got %+v, %v after %q; want %q, %s after %q", name, got, err, *heard, c.refused, c.err, c.asked)
		}
	}
}

func TestAVoidCancelsWhatTheAttemptMadeOrTakesUpItsKey(t *testing.T) {
	t.Parallel()
	const search, claim, end, look = "GET /v1/payment_intents/search", "POST /v1/payment_intents a1",
		"POST /v1/payment_intents/pi_1/cancel e1", "GET /v1/payment_intents/pi_1"
	placed := `{"id":"pi_1","status":"requires_payment_method","amount":700,"currency":"gbp"}`
	gone := `{"id":"pi_1","status":"canceled","amount":700,"currency":"gbp"}`
	refuses := `{"error":{"type":"invalid_request_error","code":"payment_intent_unexpected_state"}}`
	is := func(intent string) said { return said{200, fmt.Sprintf(found(intent), "a1")} }
	const old, young = "0190163d-8694-739b-aea5-966c26f8ad91", "ffff163d-8694-739b-aea5-966c26f8ad91" // of 2024, and of a far future
	for name, c := range map[string]struct {
		attempt string
		answers []said
		asked   []string
		amount  int64
		err     string
	}{
		"authorised": {"a1", []said{is(onHold), {200, cancelled}}, []string{search, end}, 700, ""},
		"authorised otherwise": {"a1", []said{is(onHold), {200, strings.ReplaceAll(cancelled, "700", "701")}},
			[]string{search, end}, 0, "unknown"},
		"declined":            {"a1", []said{is(placed), {200, gone}}, []string{search, end}, 0, ""},
		"voided before":       {"a1", []said{is(cancelled)}, []string{search}, 700, ""},
		"ended meanwhile":     {"a1", []said{is(onHold), {400, refuses}, {200, cancelled}}, []string{search, end, look}, 700, ""},
		"captured":            {"a1", []said{is(onHold), {400, refuses}, {200, taken}}, []string{search, end, look}, 0, "refused"},
		"not ended":           {"a1", []said{is(onHold), {200, onHold}}, []string{search, end}, 0, "unknown"},
		"not known":           {"a1", []said{{500, ``}}, []string{search}, 0, "unknown"},
		"never came":          {"a1", []said{{200, none}, {200, placed}, {200, gone}}, []string{search, claim, end}, 0, ""},
		"came, not found yet": {"a1", []said{{200, none}, {400, reused}}, []string{search, claim}, 0, "later"},
		"came just now": {young, []said{{200, none}, {400, reused}}, []string{search, strings.ReplaceAll(claim,
			"a1", young)}, 0, "later"},
		"came, made nothing": {old, []said{{200, none}, {400, reused}}, []string{search, strings.ReplaceAll(claim,
			"a1", old)}, 0, ""},
		"on its way":         {"a1", []said{{200, none}, {409, reused}}, []string{search, claim}, 0, "unknown"},
		"cannot be taken up": {"a1", []said{{200, none}, {500, ``}}, []string{search, claim}, 0, "unknown"},
	} {
		client, heard := stand(t, c.answers...)
		e := voiding
		e.Attempt = c.attempt
		got, err := client.void(t.Context(), firstTry, e)
		if got.Amount != c.amount || kind(t, err) != c.err || !slices.Equal(*heard, c.asked) {
			t.Errorf("%s: got %+v, %v after %q; want %d, %s after %q", name, got, err, *heard, c.amount, c.err, c.asked)
		}
	}
}
