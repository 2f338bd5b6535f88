package run_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"orderflow.example/services/platform/trial"
	shipping "orderflow.example/services/shipping/app"
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
	count := fmt.Sprintf(`{"items":[{"sku":"%[1]s-a","warehouse":"north","counted":2,"reason":"mice"}]}`, name)
	for body := range httpservertest.Variations(1, count, 100) {
		operator("/v1/stock/counts", body)
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

// apart are operations with tests of their own: a promotion that is taken would reach the customers of other tests, and who signs
// in needs a token.
var apart = []string{"publish-promotion", "sign-in"}

func TestNothingThatAnOperationIsSentIsAFailureOfOurs(t *testing.T) {
	t.Parallel()
	r := start(t)
	sku := fresh("sent")
	r.site.Sell(t, sku, price, received)
	buyer := r.site.Buy(t, trial.NewBasket(trial.Line{SKU: sku, Quantity: 9}))
	buyer.Await(t, "completed")
	every(t, r, 12, func(o trial.Operation) bool { return o.TakesBody && !slices.Contains(apart, o.ID) },
		func(d door, o trial.Operation) {
			good, known := o.GoodBody(sku)
			if !known {
				t.Errorf("%s: add a good body of %s to trial.Operation.GoodBody", d.name, o.ID)
				return
			}
			caller, taken := d.caller, 0
			if d.name == "customers" {
				caller = r.site.Customer(buyer.Name)
			}
			bodies := slices.Collect(httpservertest.Variations(3, good, 60))
			for _, due := range []string{"0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z",
				"2026-11-26T16:50:00+23:59", "infinity", "294277-01-01T00:00:00Z", "-0001-01-01T00:00:00Z"} {
				bodies = append(bodies, strings.NewReplacer("2026-11-26T16:50:00Z", due, "2026-03-01T09:30:04Z", due).Replace(good))
			}
			for _, body := range bodies {
				signed := r.sign(t, body, time.Now())
				if o.Path == shipping.App.Webhooks.Path {
					signed = r.signScan(t, body, time.Now())
				}
				a, err := caller.Send(o.Method, o.At("id", buyer.ID, "order", buyer.ID), body, "Idempotency-Key: "+fresh("k"), signed)
				if err != nil || a.Status >= 300 && !refusal4xx(a) {
					t.Errorf("%s: %s %s %s: %d %s (%v)", d.name, o.Method, o.Path, body, a.Status, a.Body, err)
				}
				if a.Status < 300 || a.Status == 404 || a.Status == 409 {
					taken++
				}
			}
			if taken < 2 {
				t.Errorf("%s: %s: only %d of the requests were not refused for their bodies", d.name, o.ID, taken)
			}
		})
	parked := r.site.Operator("").Must(t, 200, "GET", "/v1/parked?limit=200", nil)
	if strings.Contains(parked.Body, "payload:") {
		t.Errorf("parked: %s", parked.Body)
	}
}
