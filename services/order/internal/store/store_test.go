package store

import (
	"encoding/json"
	"reflect"
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/schemas/fraud"
	"orderflow.example/schemas/inventory"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	"orderflow.example/schemas/storefront"
	"orderflow.example/services/order"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

func TestAnOrderSurvivesTheWayToItsRowAndBack(t *testing.T) {
	t.Parallel()
	held := []schemas.Allocation{{SKU: "A", Quantity: 2, UnitPrice: 300, Warehouse: "north"}}
	price := schemas.Money{Amount: 600, Currency: "GBP"}
	d := sagatest.Given(t, order.Choreography.Machine())
	same(t, d)
	for _, e := range []saga.Event{
		storefront.OrderPlaced.Of(storefront.OrderPlacedV1{CustomerID: "c1",
			Lines: []schemas.Line{{SKU: "A", Quantity: 2, UnitPrice: 300}},
			Total: price, ShipTo: schemas.Address{Name: "Ada", Line1: "1 Mill Lane", City: "Leeds", Postcode: "LS1 1AA", Country: "GB"},
			Email: "ada@shop.example", PaymentToken: "tok_ok", FillPolicy: "fill_available"}),
		inventory.Reserved.Of(inventory.ReservedV1{Lines: held, Total: price}),
		fraud.Cleared.Of(fraud.ClearedV1{}),
		payment.Authorized.Of(payment.AuthorizedV1{}),
		storefront.CancellationRequested.Of(storefront.CancellationRequestedV1{}),
		shipping.Dispatched.Of(shipping.DispatchedV1{ShipmentID: "s1", Lines: held}),
		shipping.WithdrawalRefused.Of(shipping.WithdrawalRefusedV1{Reason: "handed_over"}),
		shipping.Delivered.Of(shipping.DeliveredV1{ShipmentID: "s1"}),
		shipping.ReturnReceived.Of(shipping.ReturnReceivedV1{ReturnID: "b1", Lines: held}),
		refund.Issued.Of(refund.IssuedV1{RefundID: "r1", Reason: "returned", Amount: price, Lines: held}),
	} {
		same(t, d.When(e))
	}
	if d.State().(order.Order).Status != order.Returned {
		t.Fatalf("the past of this test ends in %+v", d.State())
	}

	d = sagatest.Given(t, order.Choreography.Machine())
	same(t, d.When(storefront.OrderPlaced.Of(storefront.OrderPlacedV1{}))) // rejected
}

// same takes the way through JSON too, as the columns do.
func same(t *testing.T, d *sagatest.Decision) {
	t.Helper()
	want := d.State().(order.Order)
	data, err := json.Marshal(toRow(want))
	if err != nil {
		t.Fatal(err)
	}
	var r row
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	if got := fromRow(r); !reflect.DeepEqual(got, want) {
		t.Fatalf("came back as %+v\nwant %+v", got, want)
	}
}
