package stripe

import (
	"regexp"
	"slices"
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/payment"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/outside/stripe/stripetest"
)

const key = "sk_test_not2bshown"

var (
	pounds      = schemas.Money{Amount: 700, Currency: "GBP"}
	authorizing = event.AuthorizationRequestedV1{Amount: pounds, PaymentToken: "pm_secret"}
	capturing   = event.CaptureRequestedV1{Attempt: "a1", Reference: "pi_1", Amount: pounds}
	voiding     = event.VoidRequestedV1{Attempt: "a1", Amount: pounds}
	firstTry    = engine.Attempt{ID: "e1", Saga: "o1", Number: 1}
	laterTry    = engine.Attempt{ID: "e1", Saga: "o1", Number: 2}
)

func client(t *testing.T, url string) *Client {
	t.Helper()
	c, err := New(key, url)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What stripe-mock answers is made up; that it answers shows that Stripe would take the request.
func TestStripeTakesEveryRequest(t *testing.T) {
	t.Parallel()
	mock := stripetest.Start(t)
	c := client(t, mock.URL)
	confirming := authorizing
	confirming.PaymentToken = "ctoken_secret"
	part := capturing
	part.Amount.Amount = 300
	get, search, create := "GET /v1/payment_intents/pi_1", "GET /v1/payment_intents/search", "POST /v1/payment_intents"
	type sent struct{ request, key string }
	for name, c := range map[string]struct {
		ask  func()
		want []sent
	}{
		"authorize":       {func() { c.authorize(t.Context(), firstTry, authorizing) }, []sent{{create, "e1"}}},
		"by confirmation": {func() { c.authorize(t.Context(), firstTry, confirming) }, []sent{{create, "e1"}}},
		"authorize again": {func() { c.authorize(t.Context(), laterTry, authorizing) }, []sent{{search, ""}, {create, "e1"}}},
		"capture":         {func() { c.capture(t.Context(), firstTry, part) }, []sent{{"POST /v1/payment_intents/pi_1/capture", "e1"}}},
		"capture again":   {func() { c.capture(t.Context(), laterTry, capturing) }, []sent{{get, ""}}},
		"void what never came": {func() { c.void(t.Context(), firstTry, voiding) },
			[]sent{{search, ""}, {create, "a1"}, {"POST /v1/payment_intents/{id}/cancel", "e1"}}},
		"what a notification leaves out": {func() { c.read(t.Context(), "pi_1") }, []sent{{get, ""}}},
	} {
		c.ask()
		var got []sent
		for _, call := range mock.Calls() {
			if call.Status != 200 {
				t.Errorf("%s: %s is refused: %s", name, call.Request, call.Answer)
			}
			got = append(got, sent{anyID.ReplaceAllString(call.Request, "/{id}/cancel"), call.Key})
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: sent %v, want %v", name, got, c.want)
		}
	}
}

// anyID is the id that stripe-mock makes up.
var anyID = regexp.MustCompile(`/pi_[^/]+/cancel$`)
