// Package shipping decides about the parcels of an order, one from each warehouse: it buys their labels once the order is
// confirmed, hands each over once it is packed and paid for, tracks it, and handles returns. It alone decides whether a parcel is
// dispatched or withdrawn, never both.
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

// Shipment is this service's state of one order, which leaves in one parcel or in several.
type Shipment struct {
	Order      string
	CustomerID string          // who may read the labels
	ShipTo     schemas.Address // what is printed on them
	Partial    bool            // parcels may leave without goods that are missing
	Ended      Status          // rejected or withdrawn before a label was asked for; otherwise empty
	Parcels    []Parcel        // in the order of their numbers
	Returns    []Return        // in the order of their requests
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
func Blank(order string) Shipment { return Shipment{Order: order} }

// Parcel is the parcel of this shipment, nil if there is none. An order that leaves in one has only that one, as in events of
// before, which do not name it.
func (s Shipment) Parcel(id string) *Parcel {
	for i := range s.Parcels {
		if p := &s.Parcels[i]; p.ID == id || p.Part == nil {
			return p
		}
	}
	return nil
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
		s.CustomerID, s.ShipTo, s.Partial = d.CustomerID, d.ShipTo, d.Partial
		s.Parcels = append(slices.Clip(s.Parcels),
			Parcel{ID: e.ID, Part: d.Parcel, Status: Preparing, Label: LabelAsked, Lines: d.Lines})
	case event.PreparedV1:
		return s.withParcel(d.ShipmentID, func(p *Parcel) {
			p.Status, p.Label, p.Lines = Prepared, LabelBought, d.Lines
			p.Carrier, p.TrackingNumber, p.LabelledAt = d.Carrier, d.TrackingNumber, kept(e.Time)
		})
	case event.RejectedV1:
		if len(s.Parcels) == 0 {
			s.Ended = Rejected
		}
		return s.withParcel(d.ShipmentID, func(p *Parcel) { p.Status, p.Label = Rejected, NoLabel })
	case event.ReadiedV1:
		return s.withParcel(d.ShipmentID, func(p *Parcel) { *p = p.readied(d) })
	case event.DispatchedV1:
		return s.withParcel(d.ShipmentID, func(p *Parcel) { p.Status, p.Packed, p.Paid, p.Lines = Dispatched, true, true, d.Lines })
	case event.DeliveredV1:
		return s.withParcel(d.ShipmentID, func(p *Parcel) { p.Status = Delivered })
	case event.LostV1:
		return s.withParcel(d.ShipmentID, func(p *Parcel) { p.Status = Lost })
	case event.WithdrawnV1:
		return s.withdrawn(d.ShipmentID)
	case event.LabelVoidRequestedV1:
		if s.Return(d.ShipmentID) != nil {
			return s.withReturn(d.ShipmentID, func(r *Return) { r.Status = ReturnRevoked })
		}
		return s.withParcel(d.ShipmentID, func(p *Parcel) {
			p.Label, p.Carrier, p.TrackingNumber = LabelRevoked, d.Carrier, d.TrackingNumber
		})
	case event.LabelVoidedV1:
		if s.Return(d.ShipmentID) != nil {
			return s.withReturn(d.ShipmentID, func(r *Return) { r.Status = ReturnRefused })
		}
		return s.withParcel(d.ShipmentID, func(p *Parcel) { p.Label = LabelVoided })
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

// withdrawn keeps one parcel back, or without its id the whole order.
func (s Shipment) withdrawn(id string) Shipment {
	if id != "" {
		return s.withParcel(id, func(p *Parcel) { p.Status = Withdrawn })
	}
	if len(s.Parcels) == 0 {
		s.Ended = Withdrawn
	}
	s.Parcels = slices.Clone(s.Parcels)
	for i := range s.Parcels {
		s.Parcels[i].Status = Withdrawn
	}
	return s
}

// withParcel changes one parcel, if it is there, in a copy.
func (s Shipment) withParcel(id string, change func(*Parcel)) Shipment {
	s.Parcels = slices.Clone(s.Parcels)
	if p := s.Parcel(id); p != nil {
		change(p)
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
