package store

import (
	"encoding/json"
	"reflect"
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/services/refund"
)

func TestARefundSurvivesTheWayToItsRowAndBack(t *testing.T) {
	t.Parallel()
	lines := []schemas.Allocation{{SKU: "A", Quantity: 2, UnitPrice: 300, Warehouse: "LONDON"}}
	for _, want := range []refund.Refund{
		refund.Blank("o"),
		{Order: "o", Claims: []refund.Claim{{Reason: "cancelled", Status: refund.Noted}}},
		{Order: "o", Taken: true, Reference: "auth_1", Currency: "GBP", Captured: 1000, Refunded: 300, Pending: 600,
			Claims: []refund.Claim{
				{Reason: "returned", ReturnID: "r1", Lines: lines, Status: refund.Issued, RefundID: "e1", Amount: 300},
				{Reason: "returned", ReturnID: "r2", Lines: lines, Status: refund.Pending, RefundID: "e2", Amount: 600, ShipmentID: "s2"},
				{Reason: "lost", Lines: lines, Status: refund.Failed, RefundID: "e3", Amount: 100, Why: "card_closed", Tries: 2},
				{Reason: "granted", GrantID: "g1", Status: refund.Owed, Operator: "op1"},
				{Reason: "cancelled", Status: refund.Settled, RefundID: "e4", Amount: 5,
					Paid: &refund.Paid{ID: "s1", How: refund.ByCheque, Reference: "100042", Operator: "op1"}},
			}, Captures: []refund.Capture{{ShipmentID: "s1", Amount: 400, Lines: lines}, {ShipmentID: "s2", Amount: 600}},
			Sold: lines, Disputes: []refund.Dispute{{ID: "d1", State: refund.DisputeOpen, Amount: 300}}},
	} {
		r := toRow(want)
		document, err := json.Marshal(r.Claims)
		if err != nil {
			t.Fatal(err)
		}
		r.Claims = nil
		if err := json.Unmarshal(document, &r.Claims); err != nil {
			t.Fatal(err)
		}
		if got := fromRow(r); !reflect.DeepEqual(got, want) {
			t.Errorf("got\n%+v\nwant\n%+v", got, want)
		}
	}
}

func TestEveryFieldOfARefundHasItsColumn(t *testing.T) {
	t.Parallel()
	if fields, columns := reflect.TypeFor[refund.Refund]().NumField(), reflect.TypeFor[row]().NumField(); fields != columns {
		t.Errorf("a refund has %d fields, its row %d columns: one is forgotten", fields, columns)
	}
}
