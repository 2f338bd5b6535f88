// Package shipping decides about the parcel of an order: it buys a label once the order is confirmed, hands the parcel over
// once it is packed and paid for, tracks it, and handles returns. It alone decides whether a parcel is dispatched or
// withdrawn, never both.
//
// It is pure: the carrier itself is in internal/carrier, the label as it is printed in internal/label, rows in internal/store.
package shipping

import (
	"slices"
	"time"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/shipping"
	"orderflow.example/shared/saga"
)

// Status is the state of the parcel of one order.
type Status string

const (
	Waiting    Status = "waiting"    // for the order
	Preparing  Status = "preparing"  // the carrier is asked for a label
	Prepared   Status = "prepared"   // the label is bought; parcel and money are awaited
	Rejected   Status = "rejected"   // no carrier takes it
	Withdrawn  Status = "withdrawn"  // it will not be handed over
	Dispatched Status = "dispatched" // it is with the carrier
	Delivered  Status = "delivered"  // it is with the customer
	Lost       Status = "lost"       // the carrier lost it
)

// Label is the state of the label of the parcel; it still changes after a withdrawal.
type Label string

const (
	NoLabel      Label = ""
	LabelAsked   Label = "asked"
	LabelBought  Label = "bought"
	LabelRevoked Label = "revoked" // the carrier is asked to take it back
	LabelVoided  Label = "voided"  // the carrier took it back, or never gave it
)

// Shipment is this service's state of one order.
type Shipment struct {
	Order          string
	CustomerID     string          // who may read the label
	ShipTo         schemas.Address // what is printed on it
	Status         Status
	ID             string // the id of the event that asked for the label
	Label          Label
	Carrier        string
	TrackingNumber string
	LabelledAt     time.Time            // when the label was bought
	Packed         bool                 // the parcel is packed
	Paid           bool                 // the money is taken
	Partial        bool                 // it may leave without goods that are missing
	Lines          []schemas.Allocation // of the order; once the parcel is packed, what is in it
	Returns        []Return             // in the order of their requests
}

// ReturnStatus is the state of a return.
type ReturnStatus string

const (
	ReturnAsked      ReturnStatus = "asked"      // the carrier is asked for a label
	ReturnAuthorized ReturnStatus = "authorized" // the customer may send the goods
	ReturnReceived   ReturnStatus = "received"   // the goods are back
	ReturnRefused    ReturnStatus = "refused"    // the goods do not come back
	ReturnRevoked    ReturnStatus = "revoked"    // refused, and the carrier is asked to take the label back
)

// Return is one request to send goods back. Lines are empty if it was refused at once.
type Return struct {
	ID             string               `json:"id"`
	Status         ReturnStatus         `json:"status"`
	Carrier        string               `json:"carrier,omitempty"`
	TrackingNumber string               `json:"tracking_number,omitempty"`
	At             time.Time            `json:"at,omitzero"` // when it was authorised
	Lines          []schemas.Allocation `json:"lines,omitempty"`
}

// Blank is the shipment of an order without events.
func Blank(order string) Shipment { return Shipment{Order: order, Status: Waiting} }

// HandedOver tells whether the parcel has left: it can come back, but not be withdrawn.
func (s Shipment) HandedOver() bool {
	return s.Status == Dispatched || s.Status == Delivered || s.Status == Lost
}

// Return is the return of this id, nil if there is none.
func (s Shipment) Return(id string) *Return {
	for i := range s.Returns {
		if s.Returns[i].ID == id {
			return &s.Returns[i]
		}
	}
	return nil
}

// Evolve folds the service's own events.
func Evolve(s Shipment, e saga.Event) Shipment {
	switch d := e.Data.(type) {
	case event.LabelRequestedV1:
		s.Status, s.Label, s.ID, s.Lines, s.Partial = Preparing, LabelAsked, e.ID, d.Lines, d.Partial
		s.CustomerID, s.ShipTo = d.CustomerID, d.ShipTo
	case event.PreparedV1:
		s.Status, s.Label, s.ID, s.Lines = Prepared, LabelBought, d.ShipmentID, d.Lines
		s.Carrier, s.TrackingNumber, s.LabelledAt = d.Carrier, d.TrackingNumber, kept(e.Time)
	case event.RejectedV1:
		s.Status, s.Label = Rejected, NoLabel
	case event.ReadiedV1:
		s.Packed, s.Paid = s.Packed || d.By == byParcel, s.Paid || d.By == byMoney
		if len(d.Lines) > 0 {
			s.Lines = d.Lines
		}
	case event.DispatchedV1:
		s.Status, s.Packed, s.Paid, s.Lines = Dispatched, true, true, d.Lines
	case event.DeliveredV1:
		s.Status = Delivered
	case event.LostV1:
		s.Status = Lost
	case event.WithdrawnV1:
		s.Status = Withdrawn
	case event.LabelVoidRequestedV1:
		if s.Return(d.ShipmentID) != nil {
			return s.withReturn(d.ShipmentID, func(r *Return) { r.Status = ReturnRevoked })
		}
		s.Label, s.Carrier, s.TrackingNumber = LabelRevoked, d.Carrier, d.TrackingNumber
	case event.LabelVoidedV1:
		if s.Return(d.ShipmentID) != nil {
			return s.withReturn(d.ShipmentID, func(r *Return) { r.Status = ReturnRefused })
		}
		s.Label = LabelVoided
	case event.ReturnLabelRequestedV1:
		return s.withReturn(d.ReturnID, func(r *Return) { r.Status, r.Lines = ReturnAsked, d.Lines })
	case event.ReturnAuthorizedV1:
		return s.withReturn(d.ReturnID, func(r *Return) {
			r.Status, r.Lines, r.Carrier, r.TrackingNumber = ReturnAuthorized, d.Lines, d.Carrier, d.TrackingNumber
			r.At = kept(e.Time)
		})
	case event.ReturnReceivedV1:
		return s.withReturn(d.ReturnID, func(r *Return) { r.Status = ReturnReceived })
	case event.ReturnRefusedV1:
		return s.withReturn(d.ReturnID, func(r *Return) { r.Status = ReturnRefused })
	}
	return s
}

// withReturn changes one return in a copy, adding it if it is new.
func (s Shipment) withReturn(id string, change func(*Return)) Shipment {
	s.Returns = slices.Clone(s.Returns)
	r := s.Return(id)
	if r == nil {
		s.Returns = append(s.Returns, Return{ID: id})
		r = &s.Returns[len(s.Returns)-1]
	}
	change(r)
	return s
}

// kept is a time as a row keeps it.
func kept(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
