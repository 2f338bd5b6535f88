package stripe

import (
	"slices"
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/refund"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/outside/stripe/stripetest"
)

var (
	asked    = event.RequestedV1{Reason: "lost", Reference: "pi_1", Amount: schemas.Money{Amount: 700, Currency: "EUR"}}
	firstTry = engine.Attempt{ID: "e1", Saga: "o1", Number: 1}
	laterTry = engine.Attempt{ID: "e1", Saga: "o1", Number: 2}
)

func client(t *testing.T, url string) *Client {
	t.Helper()
	c, err := New("sk_test_not2bshown", url)
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
	type sent struct{ request, key string }
	create, list := sent{"POST /v1/refunds", "e1"}, sent{"GET /v1/refunds", ""}
	for attempt, want := range map[engine.Attempt][]sent{firstTry: {create}, laterTry: {list, create}} {
		c.giveBack(t.Context(), attempt, asked)
		var got []sent
		for _, call := range mock.Calls() {
			if call.Status != 200 {
				t.Errorf("%s is refused: %s", call.Request, call.Answer)
			}
			got = append(got, sent{call.Request, call.Key})
		}
		if !slices.Equal(got, want) {
			t.Errorf("try %d: sent %v, want %v", attempt.Number, got, want)
		}
	}
}
