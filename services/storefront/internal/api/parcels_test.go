package api

import (
	"encoding/json"
	"fmt"
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/schemas/invoice"
	orders "orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/shipping"
)

func TestAnOrderThatLeavesInTwoParcelsReadsAsTheContractSays(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.place("ann", "k1", order("MUG", 3))
	from := func(warehouse string, n int64) []schemas.Allocation {
		return []schemas.Allocation{{SKU: "MUG", Quantity: n, UnitPrice: 250, Warehouse: warehouse}}
	}
	parcel := func(n int64, lines []schemas.Allocation) shipping.PreparedV1 {
		return shipping.PreparedV1{ShipmentID: fmt.Sprint("s", n), Carrier: "post", TrackingNumber: fmt.Sprint("T", n), Lines: lines,
			Parcel: &schemas.Parcel{Number: n, Of: 2}}
	}
	s.show(id, orders.Confirmed.Of(orders.ConfirmedV1{Total: pounds(750), Lines: append(from("A", 1), from("B", 2)...)}),
		shipping.Prepared.Of(parcel(1, from("A", 1))), shipping.Prepared.Of(parcel(2, from("B", 2))),
		payment.Captured.Of(payment.CapturedV1{Amount: pounds(500), Lines: from("B", 2), ShipmentID: "s2"}),
		payment.Captured.Of(payment.CapturedV1{Amount: pounds(250), Lines: from("A", 1), ShipmentID: "s1"}),
		invoice.Issued.Of(invoice.IssuedV1{Document: invoice.Document{Number: "INV-1"}, ShipmentID: "s2"}),
		invoice.Issued.Of(invoice.IssuedV1{Document: invoice.Document{Number: "INV-2"}, ShipmentID: "s1"}))
	var got map[string]json.RawMessage
	s.ask("ann", "GET", "/v1/orders/"+id, "").is(200).read(&got)
	for field, want := range map[string]string{
		"shipments": `[{"id":"s1","carrier":"post","tracking_number":"T1","state":"prepared","parcel":{"number":1,"of":2},` +
			`"lines":[{"sku":"MUG","quantity":1}]},` +
			`{"id":"s2","carrier":"post","tracking_number":"T2","state":"prepared","parcel":{"number":2,"of":2},` +
			`"lines":[{"sku":"MUG","quantity":2}]}]`,
		"invoice":  `{"number":"INV-1","shipment_id":"s2"}`,
		"invoices": `[{"number":"INV-1","shipment_id":"s2"},{"number":"INV-2","shipment_id":"s1"}]`,
	} {
		if string(got[field]) != want {
			t.Errorf("%s reads\n%s\nwant\n%s", field, got[field], want)
		}
	}
	var o Order
	s.ask("ann", "GET", "/v1/orders/"+id, "").is(200).read(&o)
	if o.Payment.Captured.Amount != 750 {
		t.Errorf("%+v", o.Payment)
	}
}
