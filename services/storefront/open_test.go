package storefront_test

import (
	"testing"

	orders "orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	"orderflow.example/services/storefront"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

func TestAnOrderIsOpenUntilGoodsAndMoneyAreWhereTheyBelong(t *testing.T) {
	t.Parallel()
	end := func(s string) saga.Event {
		return orders.StatusChanged.Of(orders.StatusChangedV1{Status: s, Final: true})
	}
	captured := payment.Captured.Of(payment.CapturedV1{Amount: pounds(945)})
	back := storefront.RequestReturn.Of(sendBack("r1", "MUG", 2))
	received := shipping.ReturnReceived.Of(shipping.ReturnReceivedV1{ReturnID: "r1"})
	paid := func(pence int64) saga.Event { return refund.Issued.Of(refund.IssuedV1{Amount: pounds(pence)}) }
	for _, c := range []struct {
		name string
		seen []saga.Event
		open bool
	}{
		{"placed", nil, true},
		{"shipped", []saga.Event{status("shipped", ""), captured}, true},
		{"complete", []saga.Event{captured, end("completed")}, false},
		{"complete before the money is heard of", []saga.Event{end("completed")}, true},
		{"goods on their way back", []saga.Event{captured, end("completed"), back}, true},
		{"goods back, money not", []saga.Event{captured, end("completed"), back, received, paid(499)}, true},
		{"goods and money back", []saga.Event{captured, end("completed"), back, received, paid(500)}, false},
		{"goods not taken back", []saga.Event{captured, end("completed"), back,
			shipping.ReturnRefused.Of(shipping.ReturnRefusedV1{ReturnID: "r1"})}, false},
		{"cancelled, nothing was taken", []saga.Event{end("cancelled")}, false},
		{"lost, money not back", []saga.Event{captured, end("cancelled"), paid(944)}, true},
		{"lost, money back", []saga.Event{captured, end("cancelled"), paid(945)}, false},
		{"rejected", []saga.Event{end("rejected")}, false},
	} {
		d := sagatest.Given(t, machine, placed)
		for _, e := range c.seen {
			d = d.When(e)
		}
		if got := d.State().(storefront.Order).Open(); got != c.open {
			t.Errorf("%s: open %v, want %v", c.name, got, c.open)
		}
	}
	if storefront.Blank("none").Open() {
		t.Error("an order that was not placed is open")
	}
}
