package store

import (
	"reflect"
	"testing"

	"orderflow.example/services/storefront"
)

func TestTheInvoiceOfAnOrderOfOneParcelIsInTheColumnThatItAlwaysWasIn(t *testing.T) {
	t.Parallel()
	for number, invoices := range map[string][]storefront.Invoice{
		"": nil, "INV-1": {{Number: "INV-1"}},
	} {
		o := storefront.Blank("o")
		o.Invoices = invoices
		if r := toOrderRow(o); r.Invoice != number || r.Invoices != nil {
			t.Errorf("the row has %q and %v", r.Invoice, r.Invoices)
		}
		if got := fromOrderRow(orderRow{OrderID: "o", Invoice: number}).Invoices; !reflect.DeepEqual(got, invoices) {
			t.Errorf("of %q it reads %v", number, got)
		}
	}
	o := storefront.Blank("o")
	o.Invoices = []storefront.Invoice{{Number: "INV-1", ShipmentID: "s1"}, {Number: "INV-2", ShipmentID: "s2"}}
	if got := fromOrderRow(toOrderRow(o)).Invoices; !reflect.DeepEqual(got, o.Invoices) {
		t.Errorf("of two it reads %v", got)
	}
}
