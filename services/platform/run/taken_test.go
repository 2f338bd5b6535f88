package run_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/httpserver/httpservertest"
)

// On this platform an event that violates its contract parks its saga.
func TestNothingThatTheDoorsTakeIsParkedOrRejectedBehindThem(t *testing.T) {
	t.Parallel()
	r := start(t)
	name := fresh("taken")
	r.site.Sell(t, name, 100, received)
	operator := func(path, body string) {
		a, err := r.site.Operator("").Send("POST", path, body, "Idempotency-Key: "+fresh("k"))
		if err != nil || a.Status != 200 && !refusal4xx(a) {
			t.Errorf("%s %s: %d %s (%v)", path, body, a.Status, a.Body, err)
		}
	}
	listing := fmt.Sprintf(`{"items":[{"sku":"%[1]s-a","description":"Goods","price":{"amount":100,"currency":"GBP"},`+
		`"backorderable":true}]}`, name)
	for body := range httpservertest.Variations(1, listing, 100) {
		operator("/v1/products", body)
	}
	receipt := fmt.Sprintf(`{"items":[{"sku":"%[1]s-a","warehouse":"north","quantity":2,"reorder_point":1}]}`, name)
	for body := range httpservertest.Variations(1, receipt, 100) {
		operator("/v1/stock/receipts", body)
	}
	basket, err := json.Marshal(trial.NewBasket(trial.Line{SKU: name, Quantity: 1}))
	if err != nil {
		t.Fatal(err)
	}
	orders := make(chan string, 600)
	var all sync.WaitGroup
	for body := range httpservertest.Variations(2, string(basket), cap(orders)) {
		all.Go(func() {
			a, err := r.site.Customer(name).Send("POST", "/v1/orders", body, "Idempotency-Key: "+fresh("k"))
			switch {
			case err == nil && a.Status == 202:
				orders <- trial.Read[trial.Order](t, a).ID
			case err != nil || !refusal4xx(a):
				t.Errorf("%s: %d %s (%v)", body, a.Status, a.Body, err)
			}
		})
	}
	all.Wait()
	close(orders)
	if len(orders) < 20 {
		t.Errorf("only %d orders were taken", len(orders))
	}
	for id := range orders {
		var o trial.Order
		trial.Await(t, "the verdict on "+id, func() (bool, string) {
			a := r.site.Customer(name).Must(t, 200, "GET", "/v1/orders/"+id, nil)
			o = trial.Read[trial.Order](t, a)
			return o.Status != "placed", a.Body
		})
		if o.Status == "rejected" {
			t.Errorf("order %s was taken and rejected: %s", id, o.Reason)
		}
	}
	parked := r.site.Operator("").Must(t, 200, "GET", "/v1/parked?limit=200", nil)
	if strings.Contains(parked.Body, "payload:") {
		t.Errorf("parked: %s", parked.Body)
	}
}

// Operators' requests about deadlines, reviews and parked sagas are carried out or refused with a problem, never answered 5xx.
func TestNothingThatOperatorsSendIsAFailureOfOurs(t *testing.T) {
	t.Parallel()
	r := start(t)
	for _, route := range []struct{ method, path, good string }{
		{"PATCH", "/v1/deadlines/none", `{"due_at":"2026-11-26T16:50:00Z"}`},
		{"POST", "/v1/reviews/none", `{"approve":true}`},
		{"POST", "/v1/parked/discard", `{"items":[{"service":"order","number":1}],"reason":"sold by telephone"}`},
		{"POST", "/v1/parked/redrive", `{"service":"order","group":"none","reason":"mended","per_second":5,"dry_run":true}`},
	} {
		bodies := slices.Collect(httpservertest.Variations(3, route.good, 60))
		for _, due := range []string{"0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z",
			"2026-11-26T16:50:00+23:59", "infinity", "294277-01-01T00:00:00Z", "-0001-01-01T00:00:00Z"} {
			bodies = append(bodies, strings.Replace(route.good, "2026-11-26T16:50:00Z", due, 1))
		}
		for _, body := range bodies {
			a, err := r.site.Operator("").Send(route.method, route.path, body, "Idempotency-Key: "+fresh("k"))
			if err != nil || a.Status >= 300 && !refusal4xx(a) {
				t.Errorf("%s %s %s: %d %s (%v)", route.method, route.path, body, a.Status, a.Body, err)
			}
		}
	}
}
