package run_test

import (
	"strings"
	"sync"
	"testing"

	"orderflow.example/services/platform/trial"
)

// atOnce sends the same request several times concurrently and once more, and returns the first answer, which all answered
// requests must have got.
func atOnce(t *testing.T, caller trial.Caller, status int, path string, body any, key string) trial.Answer {
	t.Helper()
	answers := make([]trial.Answer, 8)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i], _ = caller.Send("POST", path, body, "Idempotency-Key: "+key) })
	}
	all.Wait()
	last := caller.Must(t, status, "POST", path, body, "Idempotency-Key: "+key)
	if last.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%s: a repeat has the headers %v", path, last.Header)
	}
	for _, a := range answers {
		inUse := a.Status == 409 && strings.Contains(a.Body, "idempotency-key-in-use")
		if !inUse && (a.Status != status || a.Body != last.Body) {
			t.Errorf("%s: %d %s and %d %s", path, a.Status, a.Body, last.Status, last.Body)
		}
	}
	return last
}

// reused sends requests with the key of another request.
func reused(t *testing.T, caller trial.Caller, path, key string, bodies ...any) {
	t.Helper()
	for _, body := range bodies {
		a := caller.Must(t, 422, "POST", path, body, "Idempotency-Key: "+key)
		if p := trial.Read[problem](t, a); !strings.HasSuffix(p.Type, "/idempotency-key-reused") {
			t.Errorf("%s: %v with the key of another request: %s", path, body, a.Body)
		}
	}
}

func TestTwoEqualReturnsGiveOneRefund(t *testing.T) {
	t.Parallel()
	site, sku := start(t).site, fresh("returned-once")
	site.Sell(t, sku, 1000, received)
	buyer := site.Buy(t, trial.NewBasket(trial.Line{SKU: sku, Quantity: 5}))
	buyer.Await(t, "completed")
	customer, path := site.Customer(buyer.Name), "/v1/orders/"+buyer.ID+"/returns"
	back := func(n int) any {
		return map[string]any{"reason": "broken", "lines": []trial.Line{{SKU: sku, Quantity: int64(n)}}}
	}
	first := atOnce(t, customer, 202, path, back(1), "back")
	outcome := trial.Outcome{Status: "completed", Stock: trial.Free(received - 4),
		Money: trial.Ledger{Authorized: 5000, Captured: 5000, Refunded: 1000}}
	buyer.AwaitOutcome(t, sku, outcome)
	if again := customer.Must(t, 202, "POST", path, back(1), "Idempotency-Key: back"); again.Body != first.Body {
		t.Errorf("after the refund: %s, first %s", again.Body, first.Body)
	}
	reused(t, customer, path, "back", back(2), back(9), back(0), "{")
	buyer.Check(t, sku, outcome)
}

func TestTwoEqualGrantsGiveOneRefund(t *testing.T) {
	t.Parallel()
	site, sku := start(t).site, fresh("granted-once")
	site.Sell(t, sku, 1000, received)
	buyer := site.Buy(t, trial.NewBasket(trial.Line{SKU: sku, Quantity: 5}))
	buyer.Await(t, "completed")
	operator, path := site.Operator("refund"), "/v1/orders/"+buyer.ID+"/refunds"
	goodwill := func(n int) any { return map[string]any{"goodwill": n, "reason": "late"} }
	first := atOnce(t, operator, 202, path, goodwill(300), "a")
	reused(t, operator, path, "a", goodwill(400), goodwill(0), "{")
	operator.Must(t, 202, "POST", path, goodwill(4700), "Idempotency-Key: b")
	buyer.AwaitOutcome(t, sku, trial.Outcome{Status: "completed", Stock: trial.Free(received - 5),
		Money: trial.Ledger{Authorized: 5000, Captured: 5000, Refunded: 5000}})
	operator.Must(t, 409, "POST", path, goodwill(300), "Idempotency-Key: c")
	if again := operator.Must(t, 202, "POST", path, goodwill(300), "Idempotency-Key: a"); again.Body != first.Body {
		t.Errorf("when nothing is left: %s, first %s", again.Body, first.Body)
	}
	operator.Must(t, 400, "POST", path, goodwill(300))
}

func TestAReceiptWithTheKeyOfAnotherIsRefusedAndARepeatAddsNothing(t *testing.T) {
	t.Parallel()
	site, sku := start(t).site, fresh("received-once")
	site.Sell(t, sku, 1000, 1)
	goods := func(n int) any {
		return map[string]any{"items": []any{map[string]any{"sku": sku, "warehouse": "north", "quantity": n}}}
	}
	operator := site.Operator("warehouse")
	atOnce(t, operator, 200, "/v1/stock/receipts", goods(5), sku)
	reused(t, operator, "/v1/stock/receipts", sku, goods(50), goods(0), "{")
	trial.Await(t, "five pieces more", func() (bool, string) {
		a := site.Operator("inventory").Must(t, 200, "GET", "/v1/stock/"+sku, nil)
		return trial.Read[trial.Stock](t, a).OnHand == 6, a.Body
	})
}

func TestACancellationAndAReviewThatAreSentAgainAreAnsweredAsAtFirst(t *testing.T) {
	t.Parallel()
	site, sku := start(t).site, fresh("asked-again")
	site.Sell(t, sku, costly, received)
	basket := trial.NewBasket(trial.Line{SKU: sku, Quantity: 2})
	cancelled, reviewed := site.Buy(t, basket), site.Buy(t, basket)
	cancelled.Await(t, "in_review")
	path, wish := "/v1/orders/"+cancelled.ID+"/cancellation", map[string]any{"reason": "changed my mind"}
	first := atOnce(t, site.Customer(cancelled.Name), 202, path, wish, "c")
	cancelled.Await(t, "cancelled")
	if again := site.Customer(cancelled.Name).Must(t, 202, "POST", path, wish, "Idempotency-Key: c"); again.Body != first.Body {
		t.Errorf("after its end: %s, first %s", again.Body, first.Body)
	}
	reused(t, site.Customer(cancelled.Name), path, "c", map[string]any{"reason": "another"}, map[string]any{"reason": 1})

	reviewed.Await(t, "in_review")
	path, approve := "/v1/reviews/"+reviewed.ID, map[string]any{"approve": true}
	atOnce(t, site.Operator("fraud"), 200, path, approve, reviewed.ID)
	reused(t, site.Operator("fraud"), path, reviewed.ID, map[string]any{"approve": false}, map[string]any{})
	reviewed.Await(t, "completed")
}

func TestAnOperatorsCancellationThatIsSentAgainIsAnsweredAsAtFirst(t *testing.T) {
	t.Parallel()
	site, sku := start(t).site, fresh("called-off")
	site.Sell(t, sku, costly, received)
	buyer := site.Buy(t, trial.NewBasket(trial.Line{SKU: sku, Quantity: 2}))
	buyer.Await(t, "in_review")
	path, reason := "/v1/orders/"+buyer.ID+"/cancellation", map[string]any{"reason": "sold by telephone"}
	first := atOnce(t, site.Operator("storefront"), 202, path, reason, "o")
	buyer.AwaitOutcome(t, sku, trial.Outcome{Status: "cancelled", Reason: "shop_request", Stock: trial.Free(received)})
	if again := site.Operator("storefront").Must(t, 202, "POST", path, reason, "Idempotency-Key: o"); again.Body != first.Body {
		t.Errorf("after its end: %s, first %s", again.Body, first.Body)
	}
	reused(t, site.Operator("storefront"), path, "o", map[string]any{"reason": "another"}, map[string]any{"reason": 1})
	site.Operator("storefront").Must(t, 409, "POST", path, reason, "Idempotency-Key: another")
	site.Operator("storefront").Must(t, 400, "POST", path, reason)
	site.Operator("storefront").Must(t, 404, "POST", "/v1/orders/x/cancellation", reason, "Idempotency-Key: absent")
	site.Operator("storefront").Must(t, 422, "POST", path, map[string]any{"reason": ""}, "Idempotency-Key: empty")
}

func TestARepeatGetsItsFirstAnswerAlthoughTheProductsAreSoldOtherwiseNow(t *testing.T) {
	t.Parallel()
	site, p, q := start(t).site, fresh("p"), fresh("q")
	site.Sell(t, p, price, received)
	site.Sell(t, q, price, received)
	customer := site.Customer(fresh("customer"))
	basket := trial.NewBasket(trial.Line{SKU: p, Quantity: 1}, trial.Line{SKU: q, Quantity: 1})
	first := customer.Must(t, 202, "POST", "/v1/orders", basket, "Idempotency-Key: k")
	site.Operator("catalog").Must(t, 200, "POST", "/v1/products", map[string]any{"items": []any{map[string]any{"sku": p,
		"description": "Goods of a trial", "price": map[string]any{"amount": price, "currency": "EUR"}, "backorderable": false}}})
	trial.Await(t, "the new currency", func() (bool, string) {
		a := customer.Must(t, 200, "GET", "/v1/products/"+p, nil)
		return strings.Contains(a.Body, "EUR"), a.Body
	})
	customer.Must(t, 422, "POST", "/v1/orders", basket, "Idempotency-Key: another")
	if again := customer.Must(t, 202, "POST", "/v1/orders", basket, "Idempotency-Key: k"); again.Body != first.Body ||
		again.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%v %s, first %s", again.Header, again.Body, first.Body)
	}
	reused(t, customer, "/v1/orders", "k", trial.NewBasket(trial.Line{SKU: "no such product", Quantity: 1}))
}
