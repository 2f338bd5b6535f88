package audit

import "slices"

// Ending is how an order has ended.
type Ending uint8

const (
	Open Ending = iota
	Rejected
	Cancelled
	Returned
	Completed
)

// The facts that a service may keep of an order, or of a SKU. Amounts are in minor units of the currency.
type (
	Accepted struct{ Exists bool }

	Order struct {
		Status   string
		Ending   Ending
		Total    int64
		Currency string
		Refunded int64 // as the customer was told
		Lost     bool  // it ended because its parcel was lost
	}

	Payment struct {
		Open             int64 // authorized, neither captured nor voided
		Settling         bool  // the open amount is unknown while a request to the gateway is pending
		Captured, Voided int64
		ChargedBack      int64
		Currency         string
	}

	Refund struct {
		Taken              bool // it has consumed the event of the capture
		Captured, Refunded int64
		Refused            int64 // requested, and not given back after all
		Owed               int64 // of Refused: it failed too often, and a person has to see to it
		Settled            int64 // given back outside the gateway, by people; not of Refused
		Granted            int64 // by operators, beyond what came back
		Currency           string
	}

	Invoice struct {
		Captured           int64 // it has consumed the event of the capture
		Invoiced, Credited int64 // the invoice; what was given back with a credit note
		Noted              int64 // the credit notes: more where a refund did not arrive
		Currency           string
		Numbers            []Number // of the invoice and its credit notes
	}

	Journal struct { // of what moved between the gateway and the shop
		Captured, Refunded, ChargedBack int64
		Settled                         int64 // given back outside the gateway
		Currency                        string
	}

	Reservation struct {
		Status    string
		Held      bool // goods are set aside
		Committed bool // they have left
		Lines     []Goods
	}

	Level struct {
		SKU, Warehouse   string
		OnHand, Reserved int64
		Moved            int64 // the sum of its movements
	}

	Shipments struct { // of an order
		Parcels []Parcel
		Back    []CameBack // returns that have arrived
	}

	Number struct { // of a document, in its series
		Series string
		N      int64
	}

	Shelves struct{ Stocked map[string]int64 } // by SKU: the pieces in stock before the order
)

// Parcel is one parcel of an order: all its goods, or those of one warehouse.
type Parcel struct {
	Shipment string
	Status   string
	Fate     Fate
	Lines    []Goods
	Worth    int64 // of its goods, in minor units
}

// Fate is what became of a parcel.
type Fate uint8

const (
	Here      Fate = iota // it has not left, and may never
	Withdrawn             // it will not leave
	Gone                  // it is with the carrier
	Delivered
	Lost
)

// HandedOver tells whether the parcel has left.
func (p Parcel) HandedOver() bool { return p.Fate >= Gone }

// HandedOver tells whether any parcel has left.
func (s Shipments) HandedOver() bool {
	return slices.ContainsFunc(s.Parcels, func(p Parcel) bool { return p.HandedOver() })
}

// Sent are the goods that have left.
func (s Shipments) Sent() (lines []Goods) {
	for _, p := range s.Parcels {
		if p.HandedOver() {
			lines = append(lines, p.Lines...)
		}
	}
	return lines
}
