package shipping

import (
	"time"

	"orderflow.example/schemas"
)

// Printed is what a label says, of a parcel of the order or of a return.
type Printed struct {
	Return         bool
	Part           *schemas.Parcel // which parcel it is; nil where the order leaves in one, and of a return
	Carrier        string
	TrackingNumber string
	Order          string
	From, To       schemas.Address
	Pieces         int64
	At             time.Time // when the label was bought
}

// Print returns what the label of this shipment or return says. It is nil where the label is not bought, or was voided.
func (s Shipment) Print(id string, sender schemas.Address) *Printed {
	if r := s.Return(id); r != nil {
		if r.TrackingNumber == "" || r.Status != ReturnAuthorized && r.Status != ReturnReceived {
			return nil
		}
		return &Printed{Return: true, Carrier: r.Carrier, TrackingNumber: r.TrackingNumber, Order: s.Order, From: s.ShipTo, To: sender,
			Pieces: pieces(r.Lines), At: r.At}
	}
	for _, p := range s.Parcels {
		if p.ID == id && p.Label == LabelBought {
			return &Printed{Part: p.Part, Carrier: p.Carrier, TrackingNumber: p.TrackingNumber, Order: s.Order, From: sender,
				To: s.ShipTo, Pieces: pieces(p.Lines), At: p.LabelledAt}
		}
	}
	return nil
}

func pieces(lines []schemas.Allocation) (n int64) {
	for _, l := range lines {
		n += l.Quantity
	}
	return n
}
