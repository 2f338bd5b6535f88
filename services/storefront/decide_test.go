package storefront_test

import (
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/schemas/shipping"
	event "orderflow.example/schemas/storefront"
	"orderflow.example/services/storefront"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

var (
	machine = storefront.Choreography.Machine()
	pounds  = func(pence int64) schemas.Money { return schemas.Money{Amount: pence, Currency: "GBP"} }

	order = event.OrderPlacedV1{
		CustomerID: "12346", Lines: []schemas.Line{{SKU: "MUG", Quantity: 3, UnitPrice: 250},
			{SKU: "BAG", Quantity: 1, UnitPrice: 195}},
		Total: pounds(945), ShipTo: schemas.Address{Name: "A", Line1: "1 High St", City: "Leeds", Postcode: "LS1", Country: "GB"},
		Email: "a@example.com", PaymentToken: "tok_ok", FillPolicy: "fill_all",
	}
	placed    = event.OrderPlaced.Of(order)
	cancel    = event.CancellationRequestedV1{Reason: "changed my mind"}
	cancelled = event.CancellationRequested.Of(cancel)
)

func sendBack(id, sku string, quantity int64) event.ReturnRequestedV1 {
	return event.ReturnRequestedV1{ReturnID: id, Lines: []event.ReturnLine{{SKU: sku, Quantity: quantity}}, Reason: "broken"}
}

func TestAnOrderIsTakenOnceHoweverOftenItIsPlaced(t *testing.T) {
	t.Parallel()
	d := sagatest.Given(t, machine).When(storefront.PlaceOrder.Of(order)).Then(placed)
	other := order
	other.CustomerID = "99999"
	d.When(storefront.PlaceOrder.Of(order)).Then()
	d.When(storefront.PlaceOrder.Of(other)).Then()
	o := d.State().(storefront.Order)
	if o.CustomerID != "12346" || o.Status != "placed" || len(o.Timeline) != 1 || o.Basket().Total != pounds(945) {
		t.Fatalf("the order reads %+v", o)
	}
}

func TestAnOrderNobodyPlacedCanNeitherBeCancelledNorSentBack(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, machine).
		When(storefront.RequestCancellation.Of(cancel)).Then().
		When(storefront.RequestReturn.Of(sendBack("r1", "MUG", 1))).Then()
}

func TestTheWishToCancelIsPassedOnOnce(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, machine, placed).
		When(storefront.RequestCancellation.Of(cancel)).Then(cancelled).
		When(storefront.RequestCancellation.Of(cancel)).Then()
}

func TestNoMoreIsSentBackThanWasOrdered(t *testing.T) {
	t.Parallel()
	d := sagatest.Given(t, machine, placed).
		When(storefront.RequestReturn.Of(sendBack("r1", "MUG", 2))).Then(event.ReturnRequested.Of(sendBack("r1", "MUG", 2))).
		When(storefront.RequestReturn.Of(sendBack("r2", "MUG", 2))).Then().
		When(storefront.RequestReturn.Of(sendBack("r3", "CUP", 1))).Then().
		When(storefront.RequestReturn.Of(sendBack("r4", "MUG", 1))).ThenKinds(event.ReturnRequested)
	twice := sendBack("r5", "BAG", 1)
	twice.Lines = append(twice.Lines, twice.Lines[0])
	d.When(storefront.RequestReturn.Of(twice)).Then()
	if got := d.State().(storefront.Order).Returns; len(got) != 2 || got[1].ID != "r4" || got[1].State != "requested" {
		t.Fatalf("returns read %+v", got)
	}
}

func TestTheSameReturnIsPassedOnOnceAndARefusedOneLeavesItsGoods(t *testing.T) {
	t.Parallel()
	d := sagatest.Given(t, machine, placed).
		When(storefront.RequestReturn.Of(sendBack("r1", "MUG", 1))).Then(event.ReturnRequested.Of(sendBack("r1", "MUG", 1))).
		When(storefront.RequestReturn.Of(sendBack("r1", "MUG", 1))).Then().
		When(storefront.RequestReturn.Of(sendBack("r2", "MUG", 3))).Then()
	d = d.When(shipping.ReturnRefused.Of(shipping.ReturnRefusedV1{ReturnID: "r1", Reason: "not_received"}))
	d.When(storefront.RequestReturn.Of(sendBack("r1", "MUG", 1))).Then().
		When(storefront.RequestReturn.Of(sendBack("r3", "MUG", 3))).ThenKinds(event.ReturnRequested).
		When(storefront.RequestReturn.Of(sendBack("r4", "MUG", 1))).Then()
}

func TestEvolveLeavesTheOldStateAsItWas(t *testing.T) {
	t.Parallel()
	d := sagatest.Given(t, machine, placed, event.ReturnRequested.Of(sendBack("r1", "MUG", 1)))
	before := d.State().(storefront.Order)
	for _, id := range []string{"r2", "r3"} {
		after := machine.Evolve(before, saga.Event{Type: event.ReturnRequested.Name(), Data: sendBack(id, "MUG", 1)}).(storefront.Order)
		if len(before.Returns) != 1 || after.Returns[1].ID != id {
			t.Fatalf("before %+v, after %+v", before.Returns, after.Returns)
		}
	}
}
