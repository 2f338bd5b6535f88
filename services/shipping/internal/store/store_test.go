package store

import (
	"encoding/json"
	"reflect"
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/services/shipping"
)

func TestAShipmentSurvivesTheWayToItsRowAndBack(t *testing.T) {
	t.Parallel()
	lines := []schemas.Allocation{{SKU: "A", Quantity: 2, UnitPrice: 300, Warehouse: "LONDON"}}
	for _, want := range []shipping.Shipment{
		shipping.Blank("o"),
		{Order: "o", Status: shipping.Withdrawn, ID: "s", Label: shipping.LabelRevoked, Carrier: "royal", TrackingNumber: "T1",
			Packed: true, Lines: lines},
		{Order: "o", Status: shipping.Delivered, ID: "s", Label: shipping.LabelBought, Carrier: "royal", TrackingNumber: "T1",
			Packed: true, Paid: true, Partial: true, Lines: lines, Returns: []shipping.Return{
				{ID: "r1", Status: shipping.ReturnRefused},
				{ID: "r2", Status: shipping.ReturnAuthorized, Carrier: "royal", TrackingNumber: "T2", Lines: lines},
			}},
	} {
		r := toRow(want)
		throughJSON(t, &r.Lines)
		throughJSON(t, &r.Returns)
		if got := fromRow(r); !reflect.DeepEqual(got, want) {
			t.Errorf("got\n%+v\nwant\n%+v", got, want)
		}
	}
}

func TestEveryFieldOfAShipmentHasItsColumn(t *testing.T) {
	t.Parallel()
	if fields, columns := reflect.TypeFor[shipping.Shipment]().NumField(), reflect.TypeFor[row]().NumField(); fields != columns {
		t.Errorf("a shipment has %d fields, its row %d columns: one is forgotten", fields, columns)
	}
}

func throughJSON[T any](t *testing.T, v *T) {
	t.Helper()
	document, err := json.Marshal(*v)
	if err != nil {
		t.Fatal(err)
	}
	var back T
	if err := json.Unmarshal(document, &back); err != nil {
		t.Fatal(err)
	}
	*v = back
}
