package stripe

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/payment"
	"orderflow.example/services/payment"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/outside/stripe/stripetest"
)

// What the adapter is asked about an order of two parcels.
var (
	authorizingTwo = event.AuthorizationRequestedV1{Amount: pounds, PaymentToken: "pm_secret", Captures: 2}
	capturingOne   = event.CaptureRequestedV1{Attempt: "a1", Reference: "pi_1", ShipmentID: "s1",
		Amount: schemas.Money{Amount: 300, Currency: "GBP"}}
	voidingRest = event.VoidRequestedV1{Attempt: "a1", Amount: schemas.Money{Amount: 200, Currency: "GBP"}}
)

// partly is a PaymentIntent of 700 of which these were captured, by the ids of who asked, and the charge with whether it can be.
func partly(status string, received int64, metadata, multicapture string) string {
	return fmt.Sprintf(`{"id":"pi_1","status":%q,"amount":700,"amount_capturable":%d,"amount_received":%d,"currency":"gbp",
		"payment_method_options":{"card":{"request_multicapture":"if_available"}},
		"metadata":{"attempt":"a1","order":"o1"%s},"latest_charge":{"id":"ch_1","status":"succeeded","amount":700,
		"payment_method_details":{"card":{"multicapture":{"status":%q}}}}}`, status, 700-received, received, metadata, multicapture)
}

func TestStripeTakesTheRequestsAboutSeveralParcels(t *testing.T) {
	t.Parallel()
	mock := stripetest.Start(t)
	c := client(t, mock.URL)
	c.authorize(t.Context(), firstTry, authorizingTwo)
	c.capture(t.Context(), firstTry, capturingOne)
	calls := mock.Calls()
	if len(calls) != 2 {
		t.Fatalf("%d requests", len(calls))
	}
	for _, call := range calls {
		if call.Status != 200 {
			t.Errorf("%s is refused: %s", call.Request, call.Answer)
		}
	}
}

func TestAnAuthorizationOfSeveralParcelsTellsWhetherTheCardAllowsSeveralCaptures(t *testing.T) {
	t.Parallel()
	many := authorizingTwo
	many.Captures = 46
	for name, c := range map[string]struct {
		asked  event.AuthorizationRequestedV1
		answer string
		once   bool
	}{
		"it does":           {authorizingTwo, partly("requires_capture", 0, "", "available"), false},
		"it does not":       {authorizingTwo, partly("requires_capture", 0, "", "unavailable"), true},
		"Stripe says not":   {authorizingTwo, onHold, true},
		"too many":          {many, partly("requires_capture", 0, "", "unavailable"), true},
		"there is only one": {authorizing, partly("requires_capture", 0, "", "unavailable"), false},
	} {
		client, _ := stand(t, said{200, c.answer})
		got, err := client.authorize(t.Context(), firstTry, c.asked)
		if err != nil || got != (payment.AuthorizeAnswer{Reference: "pi_1", Once: c.once}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestACaptureOfOneOfSeveralParcelsIsFoundByItsNameInTheMetadata(t *testing.T) {
	t.Parallel()
	const take, look = "POST /v1/payment_intents/pi_1/capture e1", "GET /v1/payment_intents/pi_1"
	before := partly("requires_capture", 300, `,"c_e0":"300"`, "available")
	after := partly("requires_capture", 600, `,"c_e0":"300","c_e1":"300"`, "available")
	last := partly("succeeded", 700, `,"c_e0":"400","c_e1":"300"`, "available")
	ended := partly("succeeded", 300, `,"c_e0":"300"`, "available")
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
		"taken":                      {firstTry, []said{{200, after}}, []string{take}, "", ""},
		"taken, and it was the last": {firstTry, []said{{200, last}}, []string{take}, "", ""},
		"not named":                  {firstTry, []said{{200, before}}, []string{take}, "", "unknown"},
		"more was taken than is named": {firstTry, []said{{200, strings.ReplaceAll(after, `received":600`, `received":601`)}},
			[]string{take}, "", "unknown"},
		"another amount": {firstTry, []said{{200, partly("requires_capture", 200, `,"c_e1":"200"`, "available")}},
			[]string{take}, "", "unknown"},
		"another PaymentIntent":  {firstTry, []said{{200, strings.ReplaceAll(after, "pi_1", "pi_2")}}, []string{take}, "", "unknown"},
		"the rest was let go of": {firstTry, []said{{400, unexpected(ended)}}, []string{take}, "already_captured", ""},
		"cancelled":              {firstTry, []said{{400, unexpected(cancelled)}}, []string{take}, "voided", ""},
		"declined":               {firstTry, []said{{402, fmt.Sprintf(declines, "x")}}, []string{take}, "capture_failed", ""},
		"again, it was taken":    {laterTry, []said{{200, after}}, []string{look}, "", ""},
		"again, as the last":     {laterTry, []said{{200, last}}, []string{look}, "", ""},
		"again, it was not":      {laterTry, []said{{200, before}, {200, after}}, []string{look, take}, "", ""},
		"again, it was let go":   {laterTry, []said{{200, ended}}, []string{look}, "already_captured", ""},
	} {
		client, heard := stand(t, c.answers...)
		got, err := client.capture(t.Context(), c.try, capturingOne)
		if got.Refused != c.refused || kind(t, err) != c.err || !slices.Equal(*heard, c.asked) || err == nil && got.ShipmentID != "s1" {
			t.Errorf("%s: got %+v, %v after %q; want %q, %s after %q", name, got, err, *heard, c.refused, c.err, c.asked)
		}
	}
}

func TestAVoidAfterSomeCapturesLetsGoOfTheRest(t *testing.T) {
	t.Parallel()
	const search, end, look = "GET /v1/payment_intents/search", "POST /v1/payment_intents/pi_1/cancel e1",
		"GET /v1/payment_intents/pi_1"
	open := partly("requires_capture", 500, `,"c_e0":"500"`, "available")
	ended := strings.ReplaceAll(open, "requires_capture", "succeeded")
	refuses := `{"error":{"type":"invalid_request_error","code":"payment_intent_unexpected_state"}}`
	is := func(intent string) said {
		return said{200, `{"object":"search_result","data":[` + intent + `],"has_more":false}`}
	}
	for name, c := range map[string]struct {
		answers []said
		asked   []string
		amount  int64
		err     string
	}{
		"let go of": {[]said{is(open), {200, ended}}, []string{search, end}, 200, ""},
		"and cancelled": {[]said{is(open), {200, strings.ReplaceAll(ended, "succeeded", "canceled")}}, []string{search, end},
			200, ""},
		"let go of before": {[]said{is(ended), {400, refuses}, {200, ended}}, []string{search, end, look}, 200, ""},
		"more than is asked": {[]said{is(open), {200, partly("succeeded", 400, `,"c_e0":"400"`, "available")}}, []string{search, end},
			0, "unknown"},
		"all was captured": {[]said{is(open), {400, refuses}, {200, partly("succeeded", 700, `,"c_e0":"700"`, "available")}},
			[]string{search, end, look}, 0, "refused"},
		"captured without a name": {[]said{is(open), {200, partly("succeeded", 500, "", "available")}}, []string{search, end},
			0, "refused"},
	} {
		client, heard := stand(t, c.answers...)
		got, err := client.void(t.Context(), firstTry, voidingRest)
		if got.Amount != c.amount || kind(t, err) != c.err || !slices.Equal(*heard, c.asked) {
			t.Errorf("%s: got %+v, %v after %q; want %d, %s after %q", name, got, err, *heard, c.amount, c.err, c.asked)
		}
	}
}

func TestAWebhookAboutSeveralParcelsNamesTheCapturesThereWereSoFar(t *testing.T) {
	t.Parallel()
	const updated = "payment_intent.amount_capturable_updated"
	for name, c := range map[string]struct {
		kind, object string
		read         []said
		amount       int64
		notice       payment.Notice
		captures     []string
		once         bool
	}{
		"authorised": {updated, partly("requires_capture", 0, "", ""), []said{{200, partly("requires_capture", 0, "", "available")}},
			700, payment.NoticeAuthorized, nil, false},
		"authorised, to be captured once": {updated, partly("requires_capture", 0, "", ""),
			[]said{{200, partly("requires_capture", 0, "", "unavailable")}}, 700, payment.NoticeAuthorized, nil, true},
		"one": {updated, partly("requires_capture", 300, `,"c_e1":"300"`, ""), nil, 300, payment.NoticeCaptured, []string{"e1"}, false},
		"both": {updated, partly("succeeded", 700, `,"c_e2":"400","c_e1":"300"`, ""), nil, 700, payment.NoticeCaptured,
			[]string{"e1", "e2"}, false},
		"it has ended": {"payment_intent.succeeded", partly("succeeded", 300, `,"c_e1":"300"`, ""), nil, 300, payment.NoticeCaptured,
			[]string{"e1"}, false},
		"the rest was let go of": {"payment_intent.canceled", partly("canceled", 300, `,"c_e1":"300"`, ""),
			[]said{{200, partly("canceled", 300, `,"c_e1":"300"`, "available")}}, 400, payment.NoticeVoided, nil, false},
	} {
		client, heard := stand(t, c.read...)
		got, err := client.Notification(t.Context(), hook(c.kind, c.object))
		if err != nil || len(*heard) != len(c.read) || got.Kind != c.notice || got.Amount.Amount != c.amount || got.Once != c.once ||
			!reflect.DeepEqual(got.Captures, c.captures) || got.Attempt != "a1" || got.Order != "o1" || got.Reference != "pi_1" {
			t.Errorf("%s: %+v, %v after %q", name, got, err, *heard)
		}
	}
}
