// Package order holds the events of the order service: the progress of an order as a whole.
package order

import (
	"orderflow.example/schemas"
	"orderflow.example/shared/saga"
)

var (
	Validated           = saga.Define[ValidatedV1]("order.validated.v1")
	Rejected            = saga.Define[RejectedV1]("order.rejected.v1")
	Progressed          = saga.Define[ProgressedV1]("order.progressed.v1")
	Extended            = saga.Define[ExtendedV1]("order.extended.v1")
	Backordered         = saga.Define[BackorderedV1]("order.backordered.v1")
	Confirmed           = saga.Define[ConfirmedV1]("order.confirmed.v1")
	ParcelCancelled     = saga.Define[ParcelCancelledV1]("order.parcel_cancelled.v1")
	Reduced             = saga.Define[ReducedV1]("order.reduced.v1")
	Cancelled           = saga.Define[CancelledV1]("order.cancelled.v1")
	WithdrawalRequested = saga.Define[WithdrawalRequestedV1]("order.withdrawal_requested.v1")
	CancellationRefused = saga.Define[CancellationRefusedV1]("order.cancellation_refused.v1")
	Shipped             = saga.Define[ShippedV1]("order.shipped.v1")
	StatusChanged       = saga.Define[StatusChangedV1]("order.status_changed.v1")
	Completed           = saga.Define[CompletedV1]("order.completed.v1")
)

// Events lists all events of the package.
var Events = []saga.Kind{
	Validated, Rejected, Progressed, Extended, Backordered, Confirmed, Reduced, ParcelCancelled, Cancelled,
	WithdrawalRequested, CancellationRefused, Shipped, StatusChanged, Completed,
}

// ValidatedV1: the order can be carried out as far as its own content tells.
type ValidatedV1 struct {
	CustomerID   string          `json:"customer_id"`
	Lines        []schemas.Line  `json:"lines" schema:"min=1"`
	Total        schemas.Money   `json:"total"`
	ShipTo       schemas.Address `json:"ship_to" x:"personal"`
	Email        string          `json:"email" x:"personal"`
	PaymentToken string          `json:"payment_token"`
	FillPolicy   string          `json:"fill_policy"`

	Backorder *schemas.Backorder `json:"backorder,omitempty"` // what may be waited for
}

// RejectedV1: the order cannot be carried out, and nothing was begun.
type RejectedV1 struct {
	Reason string `json:"reason"` // a stable word: "unknown_country"
	Detail string `json:"detail,omitempty"`
}

// ProgressedV1: one of several things the order waits for has happened; it waits for more.
type ProgressedV1 struct {
	Step   string               `json:"step"`          // the event's name without version: "inventory.reserved"
	Ref    string               `json:"ref,omitempty"` // which one, where there can be several: the refund, the return
	Lines  []schemas.Allocation `json:"lines,omitempty"`
	Amount int64                `json:"amount,omitempty"` // minor units

	// With payment.voided: what was captured before, in minor units.
	Captured int64 `json:"captured,omitempty" schema:"min=0" example:"1250"`

	// With refund.issued, refund.settled and payment.refund_reversed: the one of several parcels that it is for.
	ShipmentID string `json:"shipment_id,omitempty" example:"event-4712"`
}

// ExtendedV1: the order may take longer, because a person has to decide.
type ExtendedV1 struct {
	Reason string `json:"reason"` // in_review
}

// BackorderedV1: goods of the order are waited for.
type BackorderedV1 struct {
	Until string `json:"until" schema:"min=1" example:"2026-03-15T09:30:04Z"` // not longer
}

// ConfirmedV1: goods, money and trust are there; the order will be carried out.
type ConfirmedV1 struct {
	CustomerID string               `json:"customer_id"`
	Lines      []schemas.Allocation `json:"lines" schema:"min=1"`
	Total      schemas.Money        `json:"total"`
	ShipTo     schemas.Address      `json:"ship_to" x:"personal"`
	Partial    bool                 `json:"partial,omitempty" example:"true"` // what is there may leave without the rest

	Parcels int64 `json:"parcels,omitempty" schema:"min=0" example:"2"` // that it leaves in; absent for one
}

// ReducedV1: goods of the confirmed order were not found in the warehouse, and it leaves without them.
type ReducedV1 struct {
	Lines   []schemas.Allocation `json:"lines" schema:"min=1"` // what is left of it
	Missing []schemas.Allocation `json:"missing" schema:"min=1"`
	Total   schemas.Money        `json:"total"` // of what is left

	ShipmentID string `json:"shipment_id,omitempty" example:"event-4712"` // the parcel, where the order leaves in several
}

// ParcelCancelledV1: one parcel of the confirmed order does not leave, and the others do or have. Whoever did something for it
// undoes that.
type ParcelCancelledV1 struct {
	ShipmentID string               `json:"shipment_id"`
	Parcel     *schemas.Parcel      `json:"parcel,omitempty"`
	Reason     string               `json:"reason"`               // a stable word, as cancelled has them
	Lines      []schemas.Allocation `json:"lines" schema:"min=1"` // what would have been in it
	Total      schemas.Money        `json:"total"`                // of the others
}

// CancelledV1: the order will not be carried out; whoever did something for it undoes that.
type CancelledV1 struct {
	Reason string `json:"reason"` // a stable word: "payment_declined"
	By     string `json:"by"`     // customer, operator, shop, fraud, payment, inventory, shipping, warehouse or deadline
}

// WithdrawalRequestedV1: after confirmation the customer or the shop wants out, or time is up; shipping decides.
type WithdrawalRequestedV1 struct {
	// customer_request, shop_request, not_dispatched, short_picked, capture_failed or no_carrier.
	Reason string `json:"reason,omitempty"`

	// The only parcel that should not leave; absent for all that have not left.
	ShipmentID string `json:"shipment_id,omitempty" example:"event-4712"`
}

// CancellationRefusedV1: it is too late to cancel.
type CancellationRefusedV1 struct {
	Reason string `json:"reason"` // handed_over, or the status that stands in the way
}

// ShippedV1: the parcel, or the last of several, is with the carrier; from here the order is only carried on.
type ShippedV1 struct {
	ShipmentID string `json:"shipment_id"`
}

// StatusChangedV1: what the customer sees has changed.
type StatusChangedV1 struct {
	Status string `json:"status"`           // CONTRACT: placed, confirmed, preparing, shipped, delivered, …
	Reason string `json:"reason,omitempty"` // a stable word, for cancelled and rejected
	Text   string `json:"text"`             // plain words
	Next   *Next  `json:"next,omitempty"`
	Final  bool   `json:"final"`
}

// Next tells the customer what happens next, and who does it.
type Next struct {
	Text string `json:"text"`
	By   string `json:"by"`
}

// CompletedV1: the goods are with the customer and the money with the shop.
type CompletedV1 struct {
	Total schemas.Money `json:"total"`
}
