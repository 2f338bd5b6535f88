package warehouse_test

import (
	"fmt"
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/shipping"
	event "orderflow.example/schemas/warehouse"
	"orderflow.example/services/warehouse"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

var (
	picks    = warehouse.Picks.Machine()
	supplies = warehouse.Supplies.Machine()

	lines     = []schemas.Allocation{{SKU: "tea", Quantity: 2, UnitPrice: 100, Warehouse: "leeds"}}
	prepared  = shipping.Prepared.Of(shipping.PreparedV1{ShipmentID: "ship-1", Lines: lines})
	requested = event.PickRequested.Of(event.PickRequestedV1{ShipmentID: "ship-1", Lines: lines})
	packed    = event.Packed.Of(event.PackedV1{ShipmentID: "ship-1"})
	cancelled = order.Cancelled.Of(order.CancelledV1{})
	stopped   = event.PickCancelled.Of(event.PickCancelledV1{ShipmentID: "ship-1"})
)

func TestAPreparedParcelIsPickedOnce(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, picks).
		When(prepared).Then(requested).
		When(prepared).Then().
		Answered(event.PickRequested, warehouse.PickAnswer{}).Then(packed).
		Answered(event.PickRequested, warehouse.PickAnswer{}).Then().
		When(prepared).Then()
}

func TestWhatTheShelfDidNotHoldIsSaid(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, picks, requested).
		Answered(event.PickRequested, warehouse.PickAnswer{Missing: lines}).
		Then(event.ShortPicked.Of(event.ShortPickedV1{ShipmentID: "ship-1", Missing: lines})).
		When(cancelled).Then(stopped)
}

func TestAParcelThatMayLeaveInPartIsPackedWithoutWhatIsMissing(t *testing.T) {
	t.Parallel()
	missing, rest := lines, []schemas.Allocation{{SKU: "mug", Quantity: 1, UnitPrice: 500, Warehouse: "leeds"}}
	free := []schemas.Allocation{{SKU: "leaflet", Quantity: 1, Warehouse: "leeds"}}
	partial := prepared.Data.(shipping.PreparedV1)
	partial.Partial = true
	d := sagatest.Given(t, picks).When(shipping.Prepared.Of(partial)).
		Then(event.PickRequested.Of(event.PickRequestedV1{ShipmentID: "ship-1", Lines: lines, Partial: true}))
	d.Answered(event.PickRequested, warehouse.PickAnswer{Missing: missing, Packed: rest}).
		Then(event.ShortPicked.Of(event.ShortPickedV1{ShipmentID: "ship-1", Missing: missing, Packed: rest}),
			event.Packed.Of(event.PackedV1{ShipmentID: "ship-1", Lines: rest})).
		Answered(event.PickRequested, warehouse.PickAnswer{Missing: lines}).Then().
		When(cancelled).Then(stopped)
	sagatest.Given(t, picks, requested).
		Answered(event.PickRequested, warehouse.PickAnswer{Missing: missing, Packed: free}).
		Then(event.ShortPicked.Of(event.ShortPickedV1{ShipmentID: "ship-1", Missing: missing}))
}

func TestACancellationThatOvertakesTheParcelLeavesNothingToPick(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, picks).
		When(cancelled).Then(event.PickCancelled.Of(event.PickCancelledV1{})).
		When(prepared).Then().
		When(cancelled).Then()
}

func TestACancelledPickIsStoppedAndItsAnswerIgnored(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, picks, requested).
		When(cancelled).Then(stopped).
		Answered(event.PickRequested, warehouse.PickAnswer{}).Then().
		Answered(event.PickRequested, warehouse.PickAnswer{Missing: lines}).Then().
		Answered(event.PickCancelled, warehouse.ClearAnswer{}).Then().
		When(cancelled).Then()
	sagatest.Given(t, picks, requested, packed).When(cancelled).Then(stopped)
}

func TestAReceiptCountsOnce(t *testing.T) {
	t.Parallel()
	point := int64(5)
	first := warehouse.ReceiveStock.Of(warehouse.Receipt{ID: "r-1", Warehouse: "leeds", Quantity: 9, ReorderPoint: &point})
	second := warehouse.ReceiveStock.Of(warehouse.Receipt{ID: "r-2", Warehouse: "leeds", Quantity: 1})
	sagatest.Given(t, supplies).
		When(first).
		Then(event.StockReceived.Of(event.StockReceivedV1{ReceiptID: "r-1", Warehouse: "leeds", Quantity: 9, ReorderPoint: &point})).
		When(second).Then(event.StockReceived.Of(event.StockReceivedV1{ReceiptID: "r-2", Warehouse: "leeds", Quantity: 1})).
		When(first).Then().
		When(second).Then()
}

func TestOnlyTheLastReceiptsAreRemembered(t *testing.T) {
	t.Parallel()
	receipt := func(i int) saga.Event {
		return warehouse.ReceiveStock.Of(warehouse.Receipt{ID: fmt.Sprint("r-", i), Warehouse: "leeds", Quantity: 1})
	}
	d := sagatest.Given(t, supplies)
	for i := range warehouse.Remembered + 1 {
		d.When(receipt(i)).ThenKinds(event.StockReceived)
	}
	d.When(receipt(1)).Then()
	d.When(receipt(0)).ThenKinds(event.StockReceived)
	if n := len(d.State().(warehouse.Supply).Receipts); n != warehouse.Remembered {
		t.Errorf("%d receipts are remembered", n)
	}
}

func TestWhatInventoryAsksForIsBoughtAndComesIn(t *testing.T) {
	t.Parallel()
	asks := func(id, at string, n int64) saga.Event {
		e := inventory.ReplenishmentRequested.Of(inventory.ReplenishmentRequestedV1{Warehouse: at, Quantity: n})
		e.ID = id
		return e
	}
	ordered := func(at string, n int64) saga.Event {
		return event.PurchaseOrdered.Of(event.PurchaseOrderedV1{SKU: sagatest.Order, Warehouse: at, Quantity: n})
	}
	d := sagatest.Given(t, supplies).When(asks("ask-1", "leeds", 7)).Then(ordered("leeds", 7))
	leeds := warehouse.BuyAnswer{PurchaseID: d.Emitted()[0].ID}
	d.When(asks("ask-1", "leeds", 7)).Then()
	d.When(asks("ask-2", "york", 3)).Then(ordered("york", 3))
	york := warehouse.BuyAnswer{PurchaseID: d.Emitted()[0].ID}

	d.Answered(event.PurchaseOrdered, leeds).Then(event.StockReceived.Of(event.StockReceivedV1{
		ReceiptID: leeds.PurchaseID, Warehouse: "leeds", Quantity: 7, Replenishes: "ask-1"}))
	d.Answered(event.PurchaseOrdered, leeds).Then()
	d.When(asks("ask-3", "leeds", 8)).Then(ordered("leeds", 8))
	d.Answered(event.PurchaseOrdered, york).Then(event.StockReceived.Of(event.StockReceivedV1{
		ReceiptID: york.PurchaseID, Warehouse: "york", Quantity: 3, Replenishes: "ask-2"}))
}

func TestAPurchaseThatComesInPartsIsReceivedPieceByPieceAndItsRestAwaited(t *testing.T) {
	t.Parallel()
	ask := inventory.ReplenishmentRequested.Of(inventory.ReplenishmentRequestedV1{Warehouse: "leeds", Quantity: 10})
	ask.ID = "ask-1"
	d := sagatest.Given(t, supplies).When(ask)
	id := d.Emitted()[0].ID
	came := func(receipt string, quantity, rest int64) saga.Event {
		return event.StockReceived.Of(event.StockReceivedV1{ReceiptID: receipt, Warehouse: "leeds", Quantity: quantity,
			Replenishes: "ask-1", Rest: rest})
	}
	awaited := func(arrived, rest int64) saga.Event {
		return event.RestAwaited.Of(event.RestAwaitedV1{PurchaseID: id, Arrived: arrived, Rest: rest})
	}
	d.Answered(event.PurchaseOrdered, warehouse.BuyAnswer{PurchaseID: id, Arrived: 4}).Then(came(id+"/4", 4, 6), awaited(4, 6)).
		Answered(event.PurchaseOrdered, warehouse.BuyAnswer{PurchaseID: id, Arrived: 4}).Then()
	if p := d.State().(warehouse.Supply).Purchases; len(p) != 1 || p[0].Received != 4 {
		t.Errorf("after four of ten: %+v", p)
	}
	again := ask
	again.ID = "ask-2"
	d.When(again).Then(). // the rest is on its way
				Answered(event.RestAwaited, warehouse.BuyAnswer{PurchaseID: id, Arrived: 7}).Then(came(id+"/7", 3, 3), awaited(7, 3)).
				Answered(event.RestAwaited, warehouse.BuyAnswer{PurchaseID: id}).Then(came(id, 3, 0)).
				Answered(event.RestAwaited, warehouse.BuyAnswer{PurchaseID: id}).Then()
	if p := d.State().(warehouse.Supply).Purchases; len(p) != 0 {
		t.Errorf("after all of ten: %+v", p)
	}
}
