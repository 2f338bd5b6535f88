// Package inventory holds the events of the inventory service: goods reserved, booked out and returned.
package inventory

import (
	"orderflow.example/schemas"
	"orderflow.example/shared/saga"
)

var (
	Reserved    = saga.Define[ReservedV1]("inventory.reserved.v1")
	Rejected    = saga.Define[RejectedV1]("inventory.rejected.v1")
	Backordered = saga.Define[BackorderedV1]("inventory.backordered.v1")
	Offered     = saga.Define[OfferedV1]("inventory.offered.v1")
	Released    = saga.Define[ReleasedV1]("inventory.released.v1")
	Committed   = saga.Define[CommittedV1]("inventory.committed.v1")
	Restocked   = saga.Define[RestockedV1]("inventory.restocked.v1")
	Recalled    = saga.Define[RecalledV1]("inventory.recalled.v1")
	CountedOut  = saga.Define[CountedOutV1]("inventory.counted_out.v1")

	// About a SKU:

	Counted                = saga.Define[CountedV1]("inventory.counted.v1").Keyed(schemas.KeyProduct)
	WrittenOff             = saga.Define[WrittenOffV1]("inventory.written_off.v1").Keyed(schemas.KeyProduct)
	Stocked                = saga.Define[StockedV1]("inventory.stocked.v1").Keyed(schemas.KeyProduct)
	StockChanged           = saga.Snapshot[StockChangedV1]("inventory.stock_changed.v1").Keyed(schemas.KeyProduct)
	ReplenishmentRequested = saga.Define[ReplenishmentRequestedV1]("inventory.replenishment_requested.v1").Keyed(schemas.KeyProduct)
)

// Events lists all events of the package.
var Events = []saga.Kind{
	Reserved, Rejected, Backordered, Offered, Released, Committed, Restocked, Recalled, CountedOut, Counted, WrittenOff, Stocked,
	StockChanged, ReplenishmentRequested,
}

// ReservedV1: every line listed is set aside for the order.
type ReservedV1 struct {
	Lines    []schemas.Allocation `json:"lines" schema:"min=1"`
	Total    schemas.Money        `json:"total"`    // of the lines reserved
	Complete bool                 `json:"complete"` // whether that is all that was ordered
}

// RejectedV1: the goods are not there, and nothing is set aside.
type RejectedV1 struct {
	Reason string     `json:"reason"` // out_of_stock or not_restocked: it waited for them in vain
	Short  []Shortage `json:"short"`
}

// Shortage tells how much of a SKU was asked for and how much could be had.
type Shortage struct {
	SKU       string `json:"sku"`
	Requested int64  `json:"requested"`
	Available int64  `json:"available"`
}

// BackorderedV1: goods are missing, and the order waits for them. Nothing is set aside; what comes in is for those who wait, the
// first of them first.
type BackorderedV1 struct {
	Lines []schemas.Line `json:"lines" schema:"min=1"` // all that the order needs
	Total schemas.Money  `json:"total"`
	Short []Shortage     `json:"short"`
	Since string         `json:"since" schema:"min=1" example:"2026-03-01T09:30:04.123Z"` // its place in the line
	Until string         `json:"until" schema:"min=1" example:"2026-03-15T09:30:04Z"`     // then it is rejected
}

// OfferedV1: goods that the order waits for have come free. It takes them if now everything is there.
type OfferedV1 struct {
	SKU string `json:"sku"`
}

// ReleasedV1: nothing is set aside for a cancelled order, or for one parcel of it, any more; empty where nothing had been. What a
// stock-taking did not find is written off, and the rest is free again.
type ReleasedV1 struct {
	Lines      []schemas.Allocation `json:"lines"`
	WrittenOff []schemas.Allocation `json:"written_off,omitempty"` // of Lines
	CountID    string               `json:"count_id,omitempty" example:"019527a0-0000-7000-8000-000000000001"`

	ShipmentID string `json:"shipment_id,omitempty" example:"event-4712"` // the parcel, where the order leaves in several
}

// RecalledV1: a stock-taking found fewer pieces than are set aside, and those of this order, the newest, are among the missing.
type RecalledV1 struct {
	CountID   string `json:"count_id" example:"019527a0-0000-7000-8000-000000000001"`
	SKU       string `json:"sku" schema:"min=1"`
	Warehouse string `json:"warehouse"`
	Quantity  int64  `json:"quantity" schema:"min=1"`
}

// CountedOutV1: goods that are set aside for the order are not there. It cannot be fulfilled, unless its parcel has left already.
type CountedOutV1 struct {
	CountID string               `json:"count_id" example:"019527a0-0000-7000-8000-000000000001"`
	Missing []schemas.Allocation `json:"missing" schema:"min=1"`
}

// CommittedV1: what was set aside has left the warehouse, but for what was left out of the parcel: that is free again, or written
// off where a stock-taking did not find it either.
type CommittedV1 struct {
	Lines      []schemas.Allocation `json:"lines" schema:"min=1"`
	LeftOut    []schemas.Allocation `json:"left_out,omitempty"`
	WrittenOff []schemas.Allocation `json:"written_off,omitempty"` // not of LeftOut
	CountID    string               `json:"count_id,omitempty" example:"019527a0-0000-7000-8000-000000000001"`

	ShipmentID string `json:"shipment_id,omitempty" example:"event-4712"` // the parcel, where the order leaves in several
}

// RestockedV1: returned goods are back on the shelf.
type RestockedV1 struct {
	ReturnID string               `json:"return_id"`
	Lines    []schemas.Allocation `json:"lines" schema:"min=1"`
}

// CountedV1: somebody counted the pieces of a SKU in a warehouse, those in parcels that have not left included.
type CountedV1 struct {
	CountID   string `json:"count_id" example:"019527a0-0000-7000-8000-000000000001"`
	Warehouse string `json:"warehouse"`
	Counted   int64  `json:"counted" schema:"min=0" example:"41"`
	Expected  int64  `json:"expected" schema:"min=0" example:"44"` // on hand by the books
	// Difference is booked at once: no more is taken away than is free. Missing is set aside and not there: it is written off
	// as orders let go of it.
	Difference int64            `json:"difference" example:"-3"`
	Missing    int64            `json:"missing" schema:"min=0" example:"0"`
	Reason     string           `json:"reason,omitempty" example:"broken in the storm"` // the operator's words
	Request    *schemas.Request `json:"request,omitempty" x:"personal"`                 // of the operator who said so
}

// WrittenOffV1: what a stock-taking did not find, and an order let go of before it was told.
type WrittenOffV1 struct {
	CountID   string `json:"count_id" example:"019527a0-0000-7000-8000-000000000001"`
	Warehouse string `json:"warehouse"`
	Quantity  int64  `json:"quantity" schema:"min=1"`
}

// StockedV1: goods received are on the shelf.
type StockedV1 struct {
	ReceiptID    string `json:"receipt_id"`
	Warehouse    string `json:"warehouse"`
	Quantity     int64  `json:"quantity" schema:"min=1"`
	ReorderPoint int64  `json:"reorder_point" schema:"min=0"`              // ask for more at or below this level; 0 never
	Replenishes  string `json:"replenishes,omitempty"`                     // the id of the replenishment_requested event it answers
	Rest         int64  `json:"rest,omitempty" schema:"min=0" example:"6"` // of what was requested that is still to come
}

// StockChangedV1: the level of a SKU after goods moved, over all warehouses.
type StockChangedV1 struct {
	OnHand    int64 `json:"on_hand"`
	Reserved  int64 `json:"reserved"`
	Available int64 `json:"available"` // on hand less reserved
}

// ReplenishmentRequestedV1: a level is at or below its reorder point.
type ReplenishmentRequestedV1 struct {
	Warehouse string `json:"warehouse"`
	Quantity  int64  `json:"quantity" schema:"min=1"`
}
