package shipping

import (
	"time"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/shipping"
)

// Status is the state of a parcel.
type Status string

const (
	Preparing  Status = "preparing"  // the carrier is asked for a label
	Prepared   Status = "prepared"   // the label is bought; parcel and money are awaited
	Rejected   Status = "rejected"   // no carrier takes it
	Withdrawn  Status = "withdrawn"  // it will not be handed over
	Dispatched Status = "dispatched" // it is with the carrier
	Delivered  Status = "delivered"  // it is with the customer
	Lost       Status = "lost"       // the carrier lost it
)

// Label is the state of the label of a parcel; it still changes after a withdrawal.
type Label string

const (
	NoLabel      Label = ""
	LabelAsked   Label = "asked"
	LabelBought  Label = "bought"
	LabelRevoked Label = "revoked" // the carrier is asked to take it back
	LabelVoided  Label = "voided"  // the carrier took it back, or never gave it
)

// Parcel is all that is sent of an order, or the part of it that one warehouse sends.
type Parcel struct {
	ID             string               `json:"id"`             // the shipment: the id of the event that asked for the label
	Part           *schemas.Parcel      `json:"part,omitempty"` // nil where the order leaves in one
	Status         Status               `json:"status"`
	Label          Label                `json:"label,omitempty"`
	Carrier        string               `json:"carrier,omitempty"`
	TrackingNumber string               `json:"tracking_number,omitempty"`
	LabelledAt     time.Time            `json:"labelled_at,omitzero"` // when the label was bought
	Packed         bool                 `json:"packed,omitempty"`
	Paid           bool                 `json:"paid,omitempty"` // the money is taken
	Lines          []schemas.Allocation `json:"lines"`          // what was ordered; once it is packed, what is in it
}

// HandedOver tells whether the parcel has left: it can come back, but not be withdrawn.
func (p Parcel) HandedOver() bool {
	return p.Status == Dispatched || p.Status == Delivered || p.Status == Lost
}

// shipment names the parcel where the order leaves in several.
func (p Parcel) shipment() string {
	if p.Part == nil {
		return ""
	}
	return p.ID
}

func (p Parcel) readied(d event.ReadiedV1) Parcel {
	p.Packed, p.Paid = p.Packed || d.By == byParcel, p.Paid || d.By == byMoney
	if len(d.Lines) > 0 {
		p.Lines = d.Lines
	}
	return p
}
