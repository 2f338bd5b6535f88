package warehouse

import (
	"time"

	"orderflow.example/schemas"
	"orderflow.example/schemas/catalog"
	"orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/shipping"
	event "orderflow.example/schemas/warehouse"
	"orderflow.example/shared/saga"
)

// Picks is what the service does for an order.
var Picks = saga.Choreography[Pick]{
	Service: "warehouse",
	Key:     saga.Order,
	Blank:   BlankPick,
	Evolve:  EvolvePick,
	Failed:  []saga.Kind{event.ShortPicked},
	Rows: []saga.Row{
		saga.On(shipping.Prepared, pick, event.PickRequested),
		saga.Call(event.PickRequested, PickOnFloor, picked, event.Packed, event.ShortPicked).
			UntilAnswered(4 * time.Hour).DroppedBy(event.PickCancelled),
		saga.On(order.Cancelled, cancel, event.PickCancelled).Compensates(event.PickRequested, event.Packed),
		saga.Call(event.PickCancelled, ClearFloor, cleared).Compensates(event.PickRequested).UntilAnswered(time.Hour),

		// One of several parcels: the others' picks go on, and the floor's own answer ends this one.
		saga.On(order.ParcelCancelled, leaveOut, event.ParcelCancelled).Compensates(event.PickRequested, event.Packed),
		saga.Call(event.ParcelCancelled, ClearParcel, cleared).Compensates(event.PickRequested).UntilAnswered(time.Hour),
	},
}

// Supplies is what the service does for a product: its keys are SKUs.
var Supplies = saga.Choreography[Supply]{
	Service: "warehouse",
	Key:     schemas.KeyProduct,
	Blank:   BlankSupply,
	Evolve:  EvolveSupply,
	Rows: []saga.Row{
		saga.Show(catalog.ProductListed, listed),
		saga.On(ReceiveStock, receive, event.StockReceived),
		saga.On(inventory.ReplenishmentRequested, purchase, event.PurchaseOrdered),
		saga.Call(event.PurchaseOrdered, BuyFromSupplier, delivered, event.StockReceived, event.RestAwaited).UntilAnswered(LateAfter),
		saga.Call(event.RestAwaited, AwaitRest, delivered, event.StockReceived, event.RestAwaited).UntilAnswered(LateAfter),
	},
}

// ReceiveStock is the command of an operator to receive goods of a SKU. The same receipt counts once.
var ReceiveStock = saga.Command[Receipt]("receive_stock")

// Receipt is a delivery of one SKU. Its id is the sender's.
type Receipt struct {
	ID           string
	Warehouse    string
	Quantity     int64
	ReorderPoint *int64           // the new reorder point; nil leaves it as it is, 0 turns replenishment off
	Request      *schemas.Request // the operator's HTTP request
}

// The questions to the floor and to suppliers. Each carries the id of the event that asks, the same on every retry.
var (
	PickOnFloor     = saga.Ask[event.PickRequestedV1, PickAnswer]("floor.pick")
	ClearFloor      = saga.Ask[event.PickCancelledV1, ClearAnswer]("floor.clear")
	ClearParcel     = saga.Ask[event.ParcelCancelledV1, ClearAnswer]("floor.clear_parcel")
	BuyFromSupplier = saga.Ask[event.PurchaseOrderedV1, BuyAnswer]("supplier.buy")
	AwaitRest       = saga.Ask[event.RestAwaitedV1, BuyAnswer]("supplier.rest")
)

// PickAnswer lists the goods that the floor could not find; without any the parcel is packed. If it packed a parcel without them,
// which it does only where that was requested, it tells what is in it.
type PickAnswer struct {
	ShipmentID      string
	Missing, Packed []schemas.Allocation
}

// ClearAnswer tells that the floor knows of the cancellation.
type ClearAnswer struct{}

// BuyAnswer tells that the purchase was delivered, or how many pieces of it have arrived so far; 0 is all.
type BuyAnswer struct {
	PurchaseID string
	Arrived    int64
}
