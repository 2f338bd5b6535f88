package invoice

import (
	"slices"
	"strings"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/invoice"
)

// Part is what was taken at once: for all of an order, or for one of its parcels. It has an invoice, which its credit notes
// correct.
type Part struct {
	ShipmentID  string        `json:"shipment_id,omitempty"` // the parcel, where the order leaves in several
	Lines       []event.Line  `json:"lines,omitempty"`       // as confirmed, or what of that the capture is for; without tax
	Captured    schemas.Money `json:"captured"`              // without currency: nothing yet
	Issued      *Issued       `json:"issued,omitempty"`
	CreditNotes []Issued      `json:"credit_notes,omitempty"` // in the order in which they were issued
	Waiting     []Refund      `json:"waiting,omitempty"`      // refunds that came before the invoice
	Withheld    []Withheld    `json:"withheld,omitempty"`     // what a person has to look at
}

// Credited is the sum of the credit notes, in minor units.
func (p Part) Credited() (sum int64) {
	for _, n := range p.CreditNotes {
		sum += n.Amount.Amount
	}
	return sum
}

// seen tells whether the refund has its credit note, or waits, or was withheld.
func (p Part) seen(refund string) bool {
	return slices.ContainsFunc(p.CreditNotes, func(n Issued) bool { return n.paidBy(refund) }) ||
		slices.ContainsFunc(p.Waiting, func(r Refund) bool { return r.ID == refund }) ||
		slices.ContainsFunc(p.Withheld, func(w Withheld) bool { return w.RefundID == refund })
}

func (p Part) without(refund string) []Refund {
	left := slices.DeleteFunc(slices.Clone(p.Waiting), func(r Refund) bool { return r.ID == refund })
	if len(left) == 0 {
		return nil
	}
	return left
}

// Parts are all that something is known of: the order as a whole, and its parcels.
func (i Invoice) Parts() []Part { return append([]Part{i.Part}, i.Parcels...) }

// Of is the order with this parcel as the part in hand; without a shipment, as it is.
func (i Invoice) Of(shipment string) Invoice {
	if shipment == "" {
		return i
	}
	i.Part = Part{ShipmentID: shipment}
	if at, known := i.find(shipment); known {
		i.Part = i.Parcels[at]
	}
	return i
}

// with is the order with the part that was worked on in its place.
func (i Invoice) with(worked Invoice) Invoice {
	if p := worked.Part; p.ShipmentID != "" {
		worked.Part = i.Part
		at, known := i.find(p.ShipmentID)
		if worked.Parcels = slices.Clone(i.Parcels); known {
			worked.Parcels[at] = p
		} else {
			worked.Parcels = slices.Insert(worked.Parcels, at, p)
		}
	}
	return worked
}

func (i Invoice) find(shipment string) (at int, known bool) {
	return slices.BinarySearchFunc(i.Parcels, shipment, func(p Part, id string) int { return strings.Compare(p.ShipmentID, id) })
}

// about is the order with the part in hand that has seen the refund; the order as it is where none has.
func (i Invoice) about(refund string) Invoice {
	for _, p := range i.Parcels {
		if p.seen(refund) {
			i.Part = p
		}
	}
	return i
}

// Seen tells whether some part has seen the refund.
func (i Invoice) Seen(refund string) bool {
	return i.Part.seen(refund) || i.about(refund).Part.seen(refund)
}

// Document is the document of that number, with the order with its part in hand; false if the order has none.
func (i Invoice) Document(number string) (of Invoice, d Issued, found bool) {
	for _, p := range i.Parts() {
		if p.Issued != nil && p.Issued.Number == number {
			return i.Of(p.ShipmentID), *p.Issued, true
		}
		for _, n := range p.CreditNotes {
			if n.Number == number {
				return i.Of(p.ShipmentID), n, true
			}
		}
	}
	return i, Issued{}, false
}

// Invoices are the invoices of all parts, in the order in which they were issued.
func (i Invoice) Invoices() (all []Issued) {
	for _, p := range i.Parts() {
		if p.Issued != nil {
			all = append(all, *p.Issued)
		}
	}
	return inOrder(all)
}

// Notes are the credit notes of all parts, in the order in which they were issued.
func (i Invoice) Notes() (all []Issued) {
	for _, p := range i.Parts() {
		all = append(all, p.CreditNotes...)
	}
	return inOrder(all)
}

// inOrder sorts by time and, where that is the same, by number, which is longer after a million.
func inOrder(all []Issued) []Issued {
	slices.SortStableFunc(all, func(a, b Issued) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		if c := len(a.Number) - len(b.Number); c != 0 {
			return c
		}
		return strings.Compare(a.Number, b.Number)
	})
	return all
}
