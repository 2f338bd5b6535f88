package run_test

import (
	"crypto/rand"
	"slices"
	"strings"
	"testing"

	"orderflow.example/services/platform/trial"
)

func TestAnOrderLeavesWithoutWhatIsMissingIfItsCustomerTakesAPart(t *testing.T) {
	t.Parallel()
	site := withMail(t, nil)
	const missing, dear = "SHORT-1", 200
	sku := fresh("found")
	site.Sell(t, sku, price, received)
	site.Sell(t, missing, dear, received)
	basket := trial.NewBasket(trial.Line{SKU: sku, Quantity: 2}, trial.Line{SKU: missing, Quantity: 1})
	basket.Email, basket.FillPolicy = strings.ToLower(fresh("part"))+"@example.com", "fill_available"
	buyer := site.Buy(t, basket)
	whole := site.Buy(t, trial.NewBasket(basket.Lines...))

	money := trial.Ledger{Authorized: total + dear, Captured: total, Voided: dear}
	buyer.AwaitOutcome(t, sku, trial.Outcome{Status: "completed", Money: money, Stock: trial.Free(received - 2)})
	whole.AwaitOutcome(t, sku, trial.Outcome{Status: "cancelled", Reason: "short_picked",
		Money: trial.Ledger{Authorized: total + dear, Voided: total + dear}, Stock: trial.Free(received - 2)})
	if got := site.Stock(t, missing); got != trial.Free(received) {
		t.Errorf("what was left out is %+v", got)
	}
	o := buyer.Order(t)
	if o.Total.Amount != total || !slices.Equal(o.Lines, []trial.Line{{SKU: sku, Quantity: 2}, {SKU: missing}}) {
		t.Errorf("the customer sees %+v", o)
	}
	said := false
	for _, e := range o.Timeline {
		said = said || strings.Contains(e.Text, "your parcel leaves without 1 piece. You pay 5.10 GBP.")
	}
	if !said {
		t.Errorf("the customer is not told: %+v", o.Timeline)
	}
	want := []string{"Your order is confirmed", "Goods of your order are missing", "Your parcel is on its way",
		"Your parcel was delivered"}
	got := subjects(t, site, basket.Email, len(want))
	slices.Sort(got)
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("mails: %v", got)
	}
	customer := site.Customer(buyer.Name)
	text := printed(t, customer.Must(t, 200, "GET", "/v1/orders/"+buyer.ID+"/invoice", nil, "Accept: application/pdf").Body)
	if !strings.Contains(text, "Total GBP 5.10") || strings.Contains(text, missing) {
		t.Errorf("the invoice reads %s", text)
	}
	customer.Must(t, 422, "POST", "/v1/orders/"+buyer.ID+"/returns", map[string]any{"reason": "not there",
		"lines": []trial.Line{{SKU: missing, Quantity: 1}}}, "Idempotency-Key: "+rand.Text())
	site.Operator("refund").Must(t, 409, "POST", "/v1/orders/"+buyer.ID+"/refunds", map[string]any{"reason": "not there",
		"lines": []trial.Line{{SKU: missing, Quantity: 1}}}, "Idempotency-Key: "+rand.Text())
}
