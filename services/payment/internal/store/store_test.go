package store

import (
	"encoding/json"
	"reflect"
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/services/payment"
)

func TestAPaymentSurvivesTheWayToItsRowAndBack(t *testing.T) {
	t.Parallel()
	lines := []schemas.Allocation{{SKU: "A", Quantity: 2, UnitPrice: 300, Warehouse: "LONDON"}}
	for _, want := range []payment.Payment{
		payment.Blank("o"),
		{Order: "o", Status: payment.Capturing, Known: true, Goods: true, Trust: true, Withdrawn: true, Token: "tok_ok",
			Amount: schemas.Money{Amount: 900, Currency: "GBP"}, Attempt: "a1", Reference: "au_1", Asked: 600, Lines: lines,
			Captured: 300, Voided: 100, Disputes: []payment.Dispute{{ID: "d1", Status: payment.DisputeOpen, Amount: 300}},
			Reversed: []string{"r1"}},
		{Order: "o", Status: payment.Authorized, Amount: schemas.Money{Amount: 900, Currency: "GBP"}, Parcels: 3, Once: true,
			Parts: []payment.Part{
				{ShipmentID: "s1", Status: payment.PartPacked, Lines: lines},
				{ShipmentID: "s2", Status: payment.PartAsked, ID: "c2", Amount: 600, Lines: lines, Withdrawn: true},
				{ShipmentID: "s3", Status: payment.PartWithdrawn},
			}},
	} {
		r := toRow(want)
		document, err := json.Marshal(r.Parts)
		if err != nil {
			t.Fatal(err)
		}
		r.Parts = nil
		if err := json.Unmarshal(document, &r.Parts); err != nil {
			t.Fatal(err)
		}
		if got := fromRow(r); !reflect.DeepEqual(got, want) {
			t.Errorf("got\n%+v\nwant\n%+v", got, want)
		}
	}
}
