package run_test

import (
	"sync"
	"testing"

	"orderflow.example/services/platform/trial"
)

func TestTheSameKeyAnswersByteForByteTheSameAndOrdersOnce(t *testing.T) {
	t.Parallel()
	site := start(t).site
	sku, name := fresh("repeats"), fresh("customer-who-repeats")
	site.Sell(t, sku, price, received)
	customer := site.Customer(name)
	basket := trial.NewBasket(trial.Line{SKU: sku, Quantity: 1})

	const clicks = 8
	answers := make([]trial.Answer, clicks)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i], _ = customer.Send("POST", "/v1/orders", basket, "Idempotency-Key: twice") })
	}
	all.Wait()
	first := customer.Must(t, 202, "POST", "/v1/orders", basket, `Idempotency-Key: "twice"`) // quoted, the same key
	if first.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("headers of a repeat: %v", first.Header)
	}
	placed := 0
	for _, a := range answers {
		switch {
		case a.Status == 409: // the first was still being placed
		case a.Status != 202 || a.Body != first.Body || a.Header.Get("Location") != first.Header.Get("Location"):
			t.Errorf("got %d %s, want the first answer %s", a.Status, a.Body, first.Body)
		case a.Header.Get("Idempotent-Replayed") == "":
			placed++
		}
	}
	if placed != 1 {
		t.Errorf("%d of %d clicks placed an order", placed, clicks)
	}
	buyer := &trial.Buyer{Site: site, Name: name, ID: trial.Read[trial.Order](t, first).ID}
	buyer.AwaitOutcome(t, sku, trial.Outcome{Status: "completed", Money: trial.Ledger{Authorized: price, Captured: price},
		Stock: trial.Free(received - 1)})
	// The answer stays the same, whatever happened to the order.
	if again := customer.Must(t, 202, "POST", "/v1/orders", basket, "Idempotency-Key: twice"); again.Body != first.Body {
		t.Errorf("after its end: %s, want %s", again.Body, first.Body)
	}

	basket.Lines[0].Quantity = 2
	p := trial.Read[problem](t, customer.Must(t, 422, "POST", "/v1/orders", basket, "Idempotency-Key: twice"))
	if p.Type != "https://orderflow.example/problems/idempotency-key-reused" {
		t.Errorf("another body: %+v", p)
	}
	// Another customer's key is another key.
	if other := site.Customer(fresh("another-customer")).
		Must(t, 202, "POST", "/v1/orders", basket, "Idempotency-Key: twice"); other.Body == first.Body {
		t.Errorf("two customers got the same order: %s", other.Body)
	}
}

func TestAForeignOrderIsAsAbsentAsOneThatNeverWas(t *testing.T) {
	t.Parallel()
	site := start(t).site
	sku := fresh("foreign")
	site.Sell(t, sku, price, received)
	buyer := site.Buy(t, trial.NewBasket(trial.Line{SKU: sku, Quantity: 1}))
	buyer.Await(t, "completed")
	stranger := site.Customer("stranger")
	const never = "0190a0a0-0000-7000-8000-000000000000"
	for _, call := range []struct {
		method, path string
		body         any
	}{
		{"GET", "", nil},
		{"GET", "/events", nil},
		{"POST", "/cancellation", map[string]any{}},
		{"POST", "/returns", map[string]any{"lines": []any{map[string]any{"sku": sku, "quantity": 1}}, "reason": "mine now"}},
	} {
		// answers carry it
		foreign := stranger.Must(t, 404, call.method, "/v1/orders/"+buyer.ID+call.path, call.body,
			"Idempotency-Key: foreign", "X-Request-Id: r1")
		absent := stranger.Must(t, 404, call.method, "/v1/orders/"+never+call.path, call.body,
			"Idempotency-Key: foreign", "X-Request-Id: r1")
		if foreign.Body != absent.Body || len(foreign.Header) != len(absent.Header) {
			t.Errorf("%s %s: foreign %s %v, absent %s %v", call.method, call.path, foreign.Body, foreign.Header,
				absent.Body, absent.Header)
		}
	}
	if o := buyer.Order(t); len(o.Returns) != 0 || o.Status != "completed" {
		t.Errorf("the stranger changed it: %+v", o)
	}
	for _, token := range []string{"", "x.y.z", site.Operator("world").Token} {
		p := trial.Read[problem](t, trial.Caller{URL: site.Storefront(), Token: token}.Must(t, 401, "GET", "/v1/orders/"+buyer.ID, nil))
		if p.Status != 401 {
			t.Errorf("without a customer's token: %+v", p)
		}
	}
	(trial.Caller{URL: site.Operators("inventory"), Token: stranger.Token}).Must(t, 401, "GET", "/v1/stock/"+sku, nil)
}
