// Package warehouse holds the events of the warehouses: goods picked, packed and received.
package warehouse

import (
	"orderflow.example/schemas"
	"orderflow.example/shared/saga"
)

var (
	PickRequested = saga.Define[PickRequestedV1]("warehouse.pick_requested.v1")
	Packed        = saga.Define[PackedV1]("warehouse.packed.v1")
	ShortPicked   = saga.Define[ShortPickedV1]("warehouse.short_picked.v1")
	PickCancelled = saga.Define[PickCancelledV1]("warehouse.pick_cancelled.v1")

	ParcelCancelled = saga.Define[ParcelCancelledV1]("warehouse.parcel_cancelled.v1")

	// About a SKU:

	PurchaseOrdered = saga.Define[PurchaseOrderedV1]("warehouse.purchase_ordered.v1").Keyed(schemas.KeyProduct)
	RestAwaited     = saga.Define[RestAwaitedV1]("warehouse.rest_awaited.v1").Keyed(schemas.KeyProduct)
	StockReceived   = saga.Define[StockReceivedV1]("warehouse.stock_received.v1").Keyed(schemas.KeyProduct)
)

// Events lists all events of the package.
var Events = []saga.Kind{
	PickRequested, Packed, ShortPicked, PickCancelled, ParcelCancelled, PurchaseOrdered, RestAwaited, StockReceived,
}

// PickRequestedV1 asks the floor to pick and pack a parcel.
type PickRequestedV1 struct {
	ShipmentID string               `json:"shipment_id"`
	Lines      []schemas.Allocation `json:"lines" schema:"min=1"`
	Partial    bool                 `json:"partial,omitempty" example:"true"` // what is there is packed without the rest
	Parcel     *schemas.Parcel      `json:"parcel,omitempty"`                 // absent where the order leaves in one
}

// PackedV1: the parcel stands ready.
type PackedV1 struct {
	ShipmentID string               `json:"shipment_id"`
	Lines      []schemas.Allocation `json:"lines,omitempty"`  // what is in it; absent where that is all of the order
	Parcel     *schemas.Parcel      `json:"parcel,omitempty"` // absent where the order leaves in one
}

// ShortPickedV1: the shelf held less than the books said. Where something is packed nevertheless, packed follows.
type ShortPickedV1 struct {
	ShipmentID string               `json:"shipment_id"`
	Missing    []schemas.Allocation `json:"missing" schema:"min=1"`
	Packed     []schemas.Allocation `json:"packed,omitempty"` // the rest; absent where no parcel leaves
}

// PickCancelledV1: nothing is or will be picked for the order; goods already picked went back on the shelf.
type PickCancelledV1 struct {
	ShipmentID string `json:"shipment_id,omitempty"` // empty where no pick had been asked for
}

// ParcelCancelledV1: one of several parcels of the order is not or will not be picked; goods already picked went back on the
// shelf.
type ParcelCancelledV1 struct {
	ShipmentID string `json:"shipment_id"`
}

// PurchaseOrderedV1 asks a supplier for goods.
type PurchaseOrderedV1 struct {
	SKU       string `json:"sku" schema:"min=1"`
	Warehouse string `json:"warehouse"`
	Quantity  int64  `json:"quantity" schema:"min=1"`
}

// RestAwaitedV1: a purchase came in part, and the supplier is asked for the rest.
type RestAwaitedV1 struct {
	PurchaseID string `json:"purchase_id" example:"event-4711"` // the id of the purchase_ordered event
	Arrived    int64  `json:"arrived" schema:"min=1" example:"4"`
	Rest       int64  `json:"rest" schema:"min=1" example:"6"`
}

// StockReceivedV1: goods came in.
type StockReceivedV1 struct {
	ReceiptID    string           `json:"receipt_id"`
	Warehouse    string           `json:"warehouse"`
	Quantity     int64            `json:"quantity" schema:"min=1"`
	ReorderPoint *int64           `json:"reorder_point,omitempty"`                   // a new one for the SKU in this warehouse
	Replenishes  string           `json:"replenishes,omitempty"`                     // the id of the request it answers
	Rest         int64            `json:"rest,omitempty" schema:"min=0" example:"6"` // of the request that is still to come
	Request      *schemas.Request `json:"request,omitempty" x:"personal"`            // of the operator who said so
}
