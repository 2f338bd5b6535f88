package endtoend_test

import (
	"fmt"
	"strings"
	"testing"

	"orderflow.example/services/platform/trial"
)

// counted is a stock-taking among orders, and a product that is withdrawn and put back, on an installation that another test has
// started.
func counted(t *testing.T, site *trial.Site) {
	t.Helper()
	const sku = "counted"
	inventory := site.Operator("inventory")
	count := func(key string, pieces int) string {
		t.Helper()
		return inventory.Must(t, 200, "POST", "/v1/stock/counts", map[string]any{"items": []any{
			map[string]any{"sku": sku, "warehouse": "north", "counted": pieces, "reason": "mice"}}}, "Idempotency-Key: "+sku+key).Body
	}
	site.Sell(t, sku, 200_000, 12)
	if got := count("found", 14); !strings.Contains(got, `"expected":12,"difference":2,"missing":0`) {
		t.Errorf("counted 14: %s", got)
	}
	first := site.Buy(t, trial.NewBasket(trial.Line{SKU: sku, Quantity: 1}))
	first.Await(t, "completed")
	large := site.Buy(t, trial.NewBasket(trial.Line{SKU: sku, Quantity: 6})) // over 10,000.00: a person looks at it
	large.Await(t, "in_review")
	trial.Await(t, "its goods to be set aside", func() (bool, string) {
		a := inventory.Must(t, 200, "GET", "/v1/stock/"+sku+"?of=reservations", nil)
		return strings.Contains(a.Body, large.ID), a.Body
	})
	if got := count("lost", 4); !strings.Contains(got, `"expected":13,"difference":-7,"missing":2`) {
		t.Errorf("counted 4: %s", got)
	}
	if o := large.Await(t, "cancelled"); o.Reason != "short_picked" {
		t.Errorf("its goods were not found, and it is cancelled for %s", o.Reason)
	}
	trial.Await(t, "what was counted to be on hand", func() (bool, string) {
		a := inventory.Must(t, 200, "GET", "/v1/stock/"+sku, nil)
		return trial.Read[trial.Stock](t, a) == trial.Free(4), a.Body
	})
	page := trial.Read[struct {
		Items []struct {
			Change      int64
			What, Order string
		}
	}](t, inventory.Must(t, 200, "GET", "/v1/stock/"+sku+"?of=movements", nil))
	var sum int64
	causes := ""
	for _, m := range page.Items {
		sum += m.Change
		causes += m.What + " "
	}
	if sum != 4 || causes != "counted counted dispatched counted received " || page.Items[0].Order != large.ID {
		t.Errorf("moved %+v", page)
	}

	sale := func(withdrawn bool) {
		t.Helper()
		site.Operator("catalog").Must(t, 200, "POST", "/v1/products/sale", map[string]any{"items": []any{
			map[string]any{"sku": sku, "withdrawn": withdrawn}}})
	}
	tries := 0
	place := func() trial.Answer {
		tries++
		a, err := site.Customer("late").Send("POST", "/v1/orders", trial.NewBasket(trial.Line{SKU: sku, Quantity: 1}),
			fmt.Sprint("Idempotency-Key: ", sku, tries))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	open := site.Buy(t, trial.NewBasket(trial.Line{SKU: sku, Quantity: 1}))
	sale(true)
	trial.Await(t, "orders to be refused", func() (bool, string) {
		a := place()
		return a.Status == 422 && strings.Contains(a.Body, "withdrawn from sale"), a.Body
	})
	open.Await(t, "completed")
	sale(false)
	trial.Await(t, "orders to be taken again", func() (bool, string) { a := place(); return a.Status == 202, a.Body })
}
