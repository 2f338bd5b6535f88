package endtoend_test

import (
	"fmt"
	"testing"
	"time"

	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/service"
)

func TestWhoWaitsForGoodsGetsThoseThatComeInAndNotWhoeverAsksNext(t *testing.T) {
	t.Parallel()
	parts := trial.StartParts(t, 20, func(c *service.Config) { c.Own["backorder-within"] = time.Hour })
	site, sku := parts.Site, "awaited"
	receive := func(pieces int64) {
		t.Helper()
		site.Operator("warehouse").Must(t, 200, "POST", "/v1/stock/receipts", map[string]any{"items": []any{
			map[string]any{"sku": sku, "warehouse": "north", "quantity": pieces}}}, fmt.Sprint("Idempotency-Key: ", sku, pieces))
	}
	buy := func(policy string, pieces int64) *trial.Buyer {
		t.Helper()
		basket := trial.NewBasket(trial.Line{SKU: sku, Quantity: pieces})
		basket.FillPolicy = policy
		return site.Buy(t, basket)
	}
	site.Sell(t, sku, price, 1)
	site.Operator("catalog").Must(t, 200, "POST", "/v1/products", map[string]any{"items": []any{map[string]any{"sku": sku,
		"description": "Goods to wait for", "price": map[string]any{"amount": price, "currency": "GBP"}, "backorderable": true}}})
	trial.Await(t, "that the product may be waited for", func() (bool, string) {
		a := site.Customer("visitor").Must(t, 200, "GET", "/v1/products/"+sku, nil)
		return trial.Read[struct{ Backorderable bool }](t, a).Backorderable, a.Body
	})

	var waiting []*trial.Buyer
	for _, pieces := range []int64{3, 2, 60} {
		b := buy("fill_all", pieces)
		b.Await(t, "backordered")
		waiting = append(waiting, b)
	}
	buy("fill_available", 1).Await(t, "cancelled") // the one piece there is others wait for
	receive(5)
	waiting[0].Await(t, "completed")
	waiting[1].Await(t, "completed")
	waiting[2].Cancel(t)
	waiting[2].Await(t, "cancelled")
	last := buy("fill_all", 51)
	last.Await(t, "backordered")
	receive(50)
	last.Await(t, "completed")
	if stock := site.Stock(t, sku); stock != trial.Free(0) {
		t.Errorf("left: %+v", stock)
	}
	for _, b := range waiting[:2] {
		if book := site.Book(t, b.ID); book.Captured != b.Order(t).Total.Amount {
			t.Errorf("captured %+v", book)
		}
	}
	counted(t, site)
	checkLedger(t, site)
}
