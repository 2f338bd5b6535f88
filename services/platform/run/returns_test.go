package run_test

import (
	"crypto/rand"
	"sync"
	"testing"

	"orderflow.example/services/platform/trial"
)

func TestNothingIsReturnedTwiceNorBeforeItIsThere(t *testing.T) {
	t.Parallel()
	site := start(t).site
	sku := fresh("sent back")
	site.Sell(t, sku, price, received)
	buyer := site.Buy(t, trial.NewBasket(trial.Line{SKU: sku, Quantity: 2}))
	back := func(sku string, quantity int64) map[string]any {
		return map[string]any{"reason": "too many", "lines": []trial.Line{{SKU: sku, Quantity: quantity}}}
	}
	send := func(body any) int {
		a, err := site.Customer(buyer.Name).Send("POST", "/v1/orders/"+buyer.ID+"/returns", body, "Idempotency-Key: "+rand.Text())
		if err != nil {
			t.Error(err)
		}
		return a.Status
	}
	if status := send(back(sku, 1)); status != 409 {
		t.Errorf("returned before it was delivered: %d, want 409", status)
	}
	buyer.Await(t, "completed")
	for what, body := range map[string]any{"more than bought": back(sku, 3), "another product": back("no such thing", 1),
		"nothing": back(sku, 0)} {
		if status := send(body); status != 422 {
			t.Errorf("%s: %d, want 422", what, status)
		}
	}
	var mu sync.Mutex
	answers := map[int]int{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			status := send(back(sku, 1))
			mu.Lock()
			answers[status]++
			mu.Unlock()
		})
	}
	all.Wait()
	if answers[202] != 2 || answers[422] != 6 {
		t.Errorf("eight returns of one piece each, of two: %v", answers)
	}
	buyer.AwaitOutcome(t, sku, trial.Outcome{Status: "returned", Money: paidBack, Stock: trial.Free(received)})
}

func TestWhoeverAsksFirstTheReviewOrTheCustomerAnOrderEndsOnce(t *testing.T) {
	t.Parallel()
	site := start(t).site
	sku, left := fresh("contested"), int64(100)
	site.Sell(t, sku, costly, left)
	for range 5 {
		buyer := site.Buy(t, trial.NewBasket(trial.Line{SKU: sku, Quantity: 2}))
		buyer.Await(t, "in_review")
		var both sync.WaitGroup
		both.Go(func() {
			a, err := site.Customer(buyer.Name).Send("POST", "/v1/orders/"+buyer.ID+"/cancellation", map[string]any{})
			if err != nil || a.Status != 202 && a.Status != 409 {
				t.Errorf("cancellation: %d %s %v", a.Status, a.Body, err)
			}
		})
		both.Go(func() {
			a, err := site.Operator("fraud").Send("POST", "/v1/reviews/"+buyer.ID, map[string]any{"approve": true})
			if err != nil || a.Status != 200 && a.Status != 409 {
				t.Errorf("approval: %d %s %v", a.Status, a.Body, err)
			}
		})
		both.Wait()
		buyer.Await(t, "cancelled", "completed")
		book := site.Book(t, buyer.ID)
		want := trial.Outcome{Status: "completed", Money: trial.Ledger{Authorized: 2 * costly, Captured: 2 * costly},
			Stock: trial.Free(left - 2)}
		if buyer.Order(t).Status == "cancelled" {
			want = trial.Outcome{Status: "cancelled", Reason: "customer_request", Stock: trial.Free(left)}
			if book.Authorized > 0 {
				want.Money = trial.Ledger{Authorized: 2 * costly, Captured: book.Captured, Voided: 2*costly - book.Captured,
					Refunded: book.Captured}
			}
		}
		left = want.Stock.OnHand
		buyer.AwaitOutcome(t, sku, want)
	}
}
