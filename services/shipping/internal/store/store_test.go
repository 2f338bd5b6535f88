package store

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/services/shipping"
)

func TestAShipmentSurvivesTheWayToItsRowAndBack(t *testing.T) {
	t.Parallel()
	lines := []schemas.Allocation{{SKU: "A", Quantity: 2, UnitPrice: 300, Warehouse: "LONDON"}}
	for _, want := range []shipping.Shipment{
		shipping.Blank("o"),
		{Order: "o", Ended: shipping.Withdrawn},
		{Order: "o", Parcels: []shipping.Parcel{{ID: "s", Status: shipping.Withdrawn, Label: shipping.LabelRevoked, Carrier: "royal",
			TrackingNumber: "T1", Packed: true, Lines: lines}}},
		{Order: "o", CustomerID: "ann", Partial: true,
			ShipTo: schemas.Address{Name: "Ann", Line1: "1 Road", City: "Leeds", Postcode: "LS1", Country: "GB"},
			Parcels: []shipping.Parcel{
				{ID: "s", Part: &schemas.Parcel{Number: 1, Of: 2}, Status: shipping.Preparing, Label: shipping.LabelAsked, Lines: lines},
				{ID: "t", Part: &schemas.Parcel{Number: 2, Of: 2}, LabelledAt: time.Date(2026, 11, 27, 10, 0, 0, 123_000, time.UTC),
					Status: shipping.Delivered, Label: shipping.LabelBought, Carrier: "royal", TrackingNumber: "T1", Packed: true, Paid: true,
					Lines: lines},
			},
			Returns: []shipping.Return{
				{ID: "r1", Status: shipping.ReturnRefused},
				{ID: "r2", Status: shipping.ReturnAuthorized, Carrier: "royal", TrackingNumber: "T2", Lines: lines,
					At: time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC)},
			}},
	} {
		r := toRow(want)
		throughJSON(t, &r.Parcels)
		throughJSON(t, &r.Lines)
		throughJSON(t, &r.ShipTo)
		throughJSON(t, &r.Returns)
		if got := fromRow(r); !reflect.DeepEqual(got, want) {
			t.Errorf("got\n%+v\nwant\n%+v", got, want)
		}
	}
}

func TestEveryFieldOfAShipmentHasItsColumn(t *testing.T) {
	t.Parallel()
	fields := reflect.TypeFor[shipping.Shipment]().NumField() - 1 // that it has ended is a status
	parcel := reflect.TypeFor[shipping.Parcel]().NumField() - 1   // which of several it is has no column of its own
	if columns := reflect.TypeFor[row]().NumField(); fields+parcel != columns {
		t.Errorf("a shipment has %d fields and its parcel %d, its row %d columns: one is forgotten", fields, parcel, columns)
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
