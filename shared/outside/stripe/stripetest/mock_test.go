package stripetest_test

import (
	"net/http"
	"strings"
	"testing"

	"orderflow.example/shared/outside/stripe/stripetest"
)

func TestARequestThatStripeDoesNotDescribeIsRefused(t *testing.T) {
	t.Parallel()
	mock := stripetest.Start(t)
	for body, want := range map[string]int{
		"amount=700&currency=gbp":                        200,
		"amount=700":                                     400, // a parameter is missing
		"amount=much&currency=gbp":                       400,
		"amount=700&currency=gbp&colour=red":             400,
		"amount=700&currency=gbp&capture_method=by_hand": 400,
	} {
		req, err := http.NewRequest("POST", mock.URL+"/v1/payment_intents", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer sk_test_stripetest")
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Idempotency-Key", "k1")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		calls := mock.Calls()
		if res.StatusCode != want || len(calls) != 1 || calls[0].Status != want || calls[0].Key != "k1" ||
			calls[0].Request != "POST /v1/payment_intents" {
			t.Errorf("%s: status %d, want %d; %+v", body, res.StatusCode, want, calls)
		}
	}
}
