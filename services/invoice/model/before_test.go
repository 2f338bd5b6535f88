package model

import (
	"fmt"
	"slices"
	"testing"

	"orderflow.example/schemas"
	orders "orderflow.example/schemas/order"
	payments "orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/services/invoice"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
)

// parcels are the events about an order that leaves in two parcels, one of which is lost.
func parcels() []saga.Event {
	one := []schemas.Allocation{{SKU: "CUP", Quantity: 1, UnitPrice: 500, Warehouse: "LONDON"}}
	two := []schemas.Allocation{{SKU: "TEA", Quantity: 1, UnitPrice: 400, Warehouse: "YORK"}}
	pounds := func(n int64) schemas.Money { return schemas.Money{Amount: n, Currency: "GBP"} }
	return []saga.Event{
		orders.Confirmed.Of(orders.ConfirmedV1{CustomerID: "c1", Lines: slices.Concat(one, two), Total: pounds(900),
			ShipTo: schemas.Address{Country: "GB"}}),
		payments.Captured.Of(payments.CapturedV1{Amount: pounds(500), Lines: one, ShipmentID: "s1"}),
		payments.Captured.Of(payments.CapturedV1{Amount: pounds(400), Lines: two, ShipmentID: "s2"}),
		refund.Issued.Of(refund.IssuedV1{RefundID: "r1", Reason: "lost", Amount: pounds(400), Lines: two, ShipmentID: "s2"}),
		refund.Issued.Of(refund.IssuedV1{RefundID: "r2", Reason: "returned", Amount: pounds(500), Lines: one, ShipmentID: "s1"}),
	}
}

// orderings are the orders in which the events may be heard, of all of them or of some.
func orderings(events []saga.Event) (all [][]saga.Event) {
	all = [][]saga.Event{nil}
	for i := range events {
		for _, rest := range orderings(slices.Concat(events[:i:i], events[i+1:])) {
			all = append(all, append([]saga.Event{events[i]}, rest...))
		}
	}
	return all
}

func TestWhatTheModelSaysIsNotIssuedYetIsNotInWhateverOrderParcelsAreHeardOf(t *testing.T) {
	t.Parallel()
	m := invoice.Standard().Choreography().Machine()
	for _, heard := range orderings(parcels()) {
		state, promised, n := m.Blank("order-1"), []explore.Before(nil), int64(0)
		for _, e := range heard {
			e.Key = "order-1"
			promised = slices.DeleteFunc(append(promised, before(state)...), func(b explore.Before) bool {
				return slices.ContainsFunc(b.Hears, func(k saga.Kind) bool { return k.Name() == e.Type })
			})
			step, err := m.Hear(state, e, func(e *saga.Event) { m.Number(e, func(string) int64 { n++; return n }) })
			if err != nil {
				t.Fatal(err)
			}
			for _, said := range step.Emitted {
				if slices.ContainsFunc(promised, func(b explore.Before) bool { return b.Says.Name() == said.Type }) {
					t.Fatalf("%s is said, of which the model says that it is not, hearing %v", said.Type, heard)
				}
			}
			state = step.State
		}
		f := has(state.(invoice.Invoice))
		sums := fmt.Sprint(f.Captured, f.Invoiced, f.Credited, f.Noted, len(f.Numbers))
		if len(heard) == len(parcels()) && sums != "900 900 900 900 4" {
			t.Fatalf("hearing %v it has %+v", heard, f)
		}
	}
}
