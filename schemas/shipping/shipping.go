// Package shipping holds the events of the shipping service: the state of the parcel, and whether it may be handed over.
package shipping

import (
	"orderflow.example/schemas"
	"orderflow.example/shared/saga"
)

var (
	LabelRequested       = saga.Define[LabelRequestedV1]("shipping.label_requested.v1")
	Prepared             = saga.Define[PreparedV1]("shipping.prepared.v1")
	Rejected             = saga.Define[RejectedV1]("shipping.rejected.v1")
	Readied              = saga.Define[ReadiedV1]("shipping.readied.v1")
	Dispatched           = saga.Define[DispatchedV1]("shipping.dispatched.v1")
	Withdrawn            = saga.Define[WithdrawnV1]("shipping.withdrawn.v1")
	WithdrawalRefused    = saga.Define[WithdrawalRefusedV1]("shipping.withdrawal_refused.v1")
	LabelVoidRequested   = saga.Define[LabelVoidRequestedV1]("shipping.label_void_requested.v1")
	LabelVoided          = saga.Define[LabelVoidedV1]("shipping.label_voided.v1")
	Delivered            = saga.Define[DeliveredV1]("shipping.delivered.v1")
	Lost                 = saga.Define[LostV1]("shipping.lost.v1")
	ReturnLabelRequested = saga.Define[ReturnLabelRequestedV1]("shipping.return_label_requested.v1")
	ReturnAuthorized     = saga.Define[ReturnAuthorizedV1]("shipping.return_authorized.v1")
	ReturnRefused        = saga.Define[ReturnRefusedV1]("shipping.return_refused.v1")
	ReturnReceived       = saga.Define[ReturnReceivedV1]("shipping.return_received.v1")
)

// Events lists all events of the package.
var Events = []saga.Kind{
	LabelRequested, Prepared, Rejected, Readied, Dispatched, Withdrawn, WithdrawalRefused, LabelVoidRequested,
	LabelVoided, Delivered, Lost, ReturnLabelRequested, ReturnAuthorized, ReturnRefused, ReturnReceived,
}

// LabelRequestedV1 asks a carrier for a label and a tracking number.
type LabelRequestedV1 struct {
	CustomerID string               `json:"customer_id,omitempty"` // who may read the label
	ShipTo     schemas.Address      `json:"ship_to" x:"personal"`
	Lines      []schemas.Allocation `json:"lines" schema:"min=1"`
	Partial    bool                 `json:"partial,omitempty" example:"true"` // as the order was confirmed
	Parcel     *schemas.Parcel      `json:"parcel,omitempty"`                 // absent where the order leaves in one
}

// PreparedV1: a carrier is chosen, the label is bought; the warehouse can pack.
type PreparedV1 struct {
	ShipmentID     string               `json:"shipment_id"` // the id of the label_requested event
	Carrier        string               `json:"carrier"`
	TrackingNumber string               `json:"tracking_number"`
	Lines          []schemas.Allocation `json:"lines" schema:"min=1"`
	Partial        bool                 `json:"partial,omitempty" example:"true"` // what is there may leave without the rest
	Parcel         *schemas.Parcel      `json:"parcel,omitempty"`                 // absent where the order leaves in one
}

// RejectedV1: no carrier takes the parcel.
type RejectedV1 struct {
	Reason     string `json:"reason"`                                     // no_carrier
	ShipmentID string `json:"shipment_id,omitempty" example:"event-4712"` // absent where no label was asked for
}

// ReadiedV1: one of the two things a hand-over waits for is there: the parcel, the money.
type ReadiedV1 struct {
	By    string               `json:"by"`              // parcel or money
	Lines []schemas.Allocation `json:"lines,omitempty"` // with parcel: what is in it, where goods were missing

	// Where the order leaves in several parcels.
	ShipmentID string `json:"shipment_id,omitempty" example:"event-4712"`
}

// DispatchedV1: the parcel is with the carrier: the point of no return.
type DispatchedV1 struct {
	ShipmentID     string               `json:"shipment_id"`
	Carrier        string               `json:"carrier"`
	TrackingNumber string               `json:"tracking_number"`
	Lines          []schemas.Allocation `json:"lines" schema:"min=1"`
	Parcel         *schemas.Parcel      `json:"parcel,omitempty"` // absent where the order leaves in one
}

// WithdrawnV1: nothing of the order will be handed over; with a shipment, that parcel will not, and
// others have left or still may.
type WithdrawnV1 struct {
	Reason     string               `json:"reason,omitempty"`
	ShipmentID string               `json:"shipment_id,omitempty" example:"event-4712"`
	Lines      []schemas.Allocation `json:"lines,omitempty"`  // with a shipment: what would have been in it
	Parcel     *schemas.Parcel      `json:"parcel,omitempty"` // absent where the order leaves in one
}

// WithdrawalRefusedV1: the parcel, or every one that was not withdrawn before, is with the carrier already.
type WithdrawalRefusedV1 struct {
	Reason string `json:"reason"` // handed_over
}

// LabelVoidRequestedV1 asks the carrier to take back a label, a parcel's or a return's.
type LabelVoidRequestedV1 struct {
	ShipmentID     string `json:"shipment_id"` // the shipment, or the return
	Carrier        string `json:"carrier"`
	TrackingNumber string `json:"tracking_number"`
}

// LabelVoidedV1: the carrier took the label back, or never gave it; a return's may be used, its goods on their way.
type LabelVoidedV1 struct {
	ShipmentID string `json:"shipment_id"` // the shipment, or the return
}

// DeliveredV1: the parcel is with the customer.
type DeliveredV1 struct {
	ShipmentID string          `json:"shipment_id"`
	Parcel     *schemas.Parcel `json:"parcel,omitempty"` // absent where the order leaves in one
}

// LostV1: the carrier lost the parcel.
type LostV1 struct {
	ShipmentID string               `json:"shipment_id"`
	Lines      []schemas.Allocation `json:"lines" schema:"min=1"`
	Parcel     *schemas.Parcel      `json:"parcel,omitempty"` // absent where the order leaves in one
}

// ReturnLabelRequestedV1 asks the carrier for a label with which the customer sends goods back.
type ReturnLabelRequestedV1 struct {
	ReturnID string               `json:"return_id"`
	Carrier  string               `json:"carrier"`
	Lines    []schemas.Allocation `json:"lines" schema:"min=1"`
}

// ReturnAuthorizedV1: the customer has a label and may send the goods.
type ReturnAuthorizedV1 struct {
	ReturnID       string               `json:"return_id"`
	Carrier        string               `json:"carrier"`
	TrackingNumber string               `json:"tracking_number"`
	Lines          []schemas.Allocation `json:"lines" schema:"min=1"`
}

// ReturnRefusedV1: these goods cannot be sent back, or were not received.
type ReturnRefusedV1 struct {
	ReturnID string `json:"return_id"`
	Reason   string `json:"reason"` // not_delivered, not_shipped, no_carrier, not_received
}

// ReturnReceivedV1: the goods are back and checked in.
type ReturnReceivedV1 struct {
	ReturnID string               `json:"return_id"`
	Lines    []schemas.Allocation `json:"lines" schema:"min=1"`
}
