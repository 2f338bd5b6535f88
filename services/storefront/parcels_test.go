package storefront_test

import (
	"fmt"
	"reflect"
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/schemas/invoice"
	orders "orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	event "orderflow.example/schemas/storefront"
	"orderflow.example/services/storefront"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

var (
	fromA = []schemas.Allocation{{SKU: "MUG", Quantity: 2, UnitPrice: 250, Warehouse: "A"}}
	fromB = []schemas.Allocation{{SKU: "MUG", Quantity: 1, UnitPrice: 250, Warehouse: "B"},
		{SKU: "BAG", Quantity: 1, UnitPrice: 195, Warehouse: "B"}}
	apart = orders.Confirmed.Of(orders.ConfirmedV1{CustomerID: "12346", Lines: append(fromA, fromB...), Total: pounds(945)})
)

func label(n int64, lines []schemas.Allocation) saga.Event {
	return shipping.Prepared.Of(shipping.PreparedV1{ShipmentID: fmt.Sprint("s", n), Carrier: "post",
		TrackingNumber: fmt.Sprint("T", n), Lines: lines, Parcel: &schemas.Parcel{Number: n, Of: 2}})
}

var lostB = shipping.Lost.Of(shipping.LostV1{ShipmentID: "s2", Lines: fromB})

func takenFor(shipment string, lines []schemas.Allocation) saga.Event {
	return payment.Captured.Of(payment.CapturedV1{Amount: pounds(schemas.Worth(lines)), ShipmentID: shipment, Lines: lines})
}

func keptBack(reason string) saga.Event {
	return orders.ParcelCancelled.Of(orders.ParcelCancelledV1{ShipmentID: "s2", Reason: reason, Lines: fromB, Total: pounds(500)})
}

func TestTheParcelsOfAnOrderAreShownByTheirNumbersWhicheverHasItsLabelFirst(t *testing.T) {
	t.Parallel()
	for _, labels := range [][]saga.Event{{label(1, fromA), label(2, fromB)}, {label(2, fromB), label(1, fromA)}} {
		o := show(t, append(labels, shipping.Dispatched.Of(shipping.DispatchedV1{ShipmentID: "s2", Carrier: "post",
			TrackingNumber: "T2", Lines: fromB, Parcel: &schemas.Parcel{Number: 2, Of: 2}}), lostB)...)
		if want := []storefront.Shipment{
			{ID: "s1", Carrier: "post", TrackingNumber: "T1", State: "prepared", Parcel: &schemas.Parcel{Number: 1, Of: 2},
				Lines: []event.ReturnLine{{SKU: "MUG", Quantity: 2}}},
			{ID: "s2", Carrier: "post", TrackingNumber: "T2", State: "lost", Parcel: &schemas.Parcel{Number: 2, Of: 2},
				Lines: []event.ReturnLine{{SKU: "MUG", Quantity: 1}, {SKU: "BAG", Quantity: 1}}},
		}; !reflect.DeepEqual(o.Shipments, want) {
			t.Errorf("shipments read %+v", o.Shipments)
		}
	}
}

func TestOnlyTheParcelThatIsKeptBackIsWithdrawn(t *testing.T) {
	t.Parallel()
	back := shipping.Withdrawn.Of(shipping.WithdrawnV1{ShipmentID: "s2", Lines: fromB})
	o := show(t, label(1, fromA), label(2, fromB), back)
	if o.Shipments[0].State != "prepared" || o.Shipments[1].State != "withdrawn" {
		t.Errorf("shipments read %+v", o.Shipments)
	}
}

func TestAParcelThatIsNotSentIsShownAndOffTheTotals(t *testing.T) {
	t.Parallel()
	o := show(t, apart, status("confirmed", "All there."), keptBack("short_picked"))
	if got := o.Basket(); got.Total != pounds(500) ||
		!reflect.DeepEqual(got.Lines, []schemas.Line{{SKU: "MUG", Quantity: 2, UnitPrice: 250}}) {
		t.Errorf("the basket reads %+v", got)
	}
}

func TestItIsTooLateToCancelOnlyOnceEveryParcelHasLeft(t *testing.T) {
	t.Parallel()
	gone := func(shipment string) saga.Event {
		return shipping.Dispatched.Of(shipping.DispatchedV1{ShipmentID: shipment, Parcel: &schemas.Parcel{Number: 1, Of: 2}})
	}
	back := shipping.Withdrawn.Of(shipping.WithdrawnV1{ShipmentID: "s2", Lines: fromB})
	for name, c := range map[string]struct {
		seen []saga.Event
		late bool
	}{
		"one has left": {[]saga.Event{label(1, fromA), label(2, fromB), gone("s1")}, false},
		"one has left, of the other no label is known": {[]saga.Event{label(1, fromA), gone("s1")}, false},
		"both have left":                       {[]saga.Event{label(1, fromA), label(2, fromB), gone("s1"), gone("s2")}, true},
		"one has left, the other is kept back": {[]saga.Event{label(1, fromA), label(2, fromB), gone("s1"), back}, true},
	} {
		if got := show(t, append(c.seen, status("shipped", ""))...).TooLateToCancel(); got != c.late {
			t.Errorf("%s: too late %t", name, got)
		}
	}
}

func TestWhatWasTakenForTheParcelsAddsUp(t *testing.T) {
	t.Parallel()
	set, rest := payment.Authorized.Of(payment.AuthorizedV1{Amount: pounds(945)}), pounds(445)
	for name, c := range map[string]struct {
		seen []saga.Event
		want storefront.Payment
	}{
		"one of two": {[]saga.Event{set, takenFor("s1", fromA)},
			storefront.Payment{State: "captured", Authorized: 945, Captured: 500}},
		"both": {[]saga.Event{set, takenFor("s1", fromA), takenFor("s2", fromB)},
			storefront.Payment{State: "captured", Authorized: 945, Captured: 945}},
		"the rest is let go of": {[]saga.Event{takenFor("s1", fromA),
			payment.Voided.Of(payment.VoidedV1{Amount: &rest, Captured: 500})},
			storefront.Payment{State: "captured", Authorized: 945, Captured: 500}},
	} {
		if got := show(t, c.seen...).Payment; got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestDocumentsAndRefundsNameTheirParcel(t *testing.T) {
	t.Parallel()
	doc := func(number string) invoice.Document { return invoice.Document{Number: number} }
	o := show(t, invoice.Issued.Of(invoice.IssuedV1{Document: doc("INV-1"), ShipmentID: "s2"}),
		invoice.Issued.Of(invoice.IssuedV1{Document: doc("INV-2"), ShipmentID: "s1"}),
		invoice.CreditNoteIssued.Of(invoice.CreditNoteIssuedV1{RefundID: "r", Document: doc("CN-1"), ShipmentID: "s2"}),
		refund.Issued.Of(refund.IssuedV1{RefundID: "r", Amount: pounds(445), Reason: "lost", ShipmentID: "s2"}),
		refund.Settled.Of(refund.SettledV1{SettlementID: "p", Amount: pounds(100), Reason: "lost", ShipmentID: "s1"}))
	if got := fmt.Sprint(o.Invoices, o.CreditNotes, []string{o.Refunds[0].ShipmentID, o.Refunds[1].ShipmentID}); got !=
		"[{INV-1 s2} {INV-2 s1}] [{CN-1 r s2}] [s2 s1]" {
		t.Error(got)
	}
}

func TestWhatWasLostWithOneParcelIsNotSentBack(t *testing.T) {
	t.Parallel()
	o := show(t, apart, label(1, fromA), label(2, fromB), lostB)
	if left := o.Returnable(o.Basket().Lines); left["MUG"] != 1 || left["BAG"] != 0 { // one mug is on its way back
		t.Errorf("returnable: %v", left)
	}
	d := sagatest.Given(t, machine, placed).When(label(2, fromB)).When(lostB)
	d.When(storefront.RequestReturn.Of(sendBack("r1", "BAG", 1))).Then().
		When(storefront.RequestReturn.Of(sendBack("r2", "MUG", 2))).ThenKinds(event.ReturnRequested)
}

func TestAnOrderInParcelsIsOpenUntilWhatIsOwedForEachIsBack(t *testing.T) {
	t.Parallel()
	end := orders.StatusChanged.Of(orders.StatusChangedV1{Status: "completed", Final: true})
	paid := func(pence int64) saga.Event {
		return refund.Issued.Of(refund.IssuedV1{Amount: pounds(pence), ShipmentID: "s2"})
	}
	first, second := takenFor("s1", fromA), takenFor("s2", fromB)
	for name, c := range map[string]struct {
		seen []saga.Event
		open bool
	}{
		"both arrived, and one is not taken yet":   {[]saga.Event{first, end}, true},
		"both arrived":                             {[]saga.Event{first, second, end}, false},
		"one was lost, and its money is not back":  {[]saga.Event{first, second, lostB, end, paid(444)}, true},
		"one was lost":                             {[]saga.Event{first, second, lostB, end, paid(445)}, false},
		"one was kept back before it was taken":    {[]saga.Event{keptBack("no_carrier"), first, end}, false},
		"one was kept back after it was taken":     {[]saga.Event{second, keptBack("customer_request"), first, end}, true},
		"one was kept back, and its money is back": {[]saga.Event{second, keptBack("customer_request"), first, end, paid(445)}, false},
	} {
		d := sagatest.Given(t, machine, placed)
		for _, e := range append([]saga.Event{apart, label(1, fromA), label(2, fromB)}, c.seen...) {
			d = d.When(e)
		}
		if got := d.State().(storefront.Order).Open(); got != c.open {
			t.Errorf("%s: open %v, want %v", name, got, c.open)
		}
	}
}
