package refund

import (
	"slices"
	"strings"

	"orderflow.example/schemas"
)

// Capture is what was captured for one of the parcels of an order, in minor units, or for all of them.
type Capture struct {
	ShipmentID string               `json:"shipment_id"` // "" for all of the order
	Amount     int64                `json:"amount"`
	Lines      []schemas.Allocation `json:"lines,omitempty"` // the goods it is for, all from one warehouse
}

// captures are what was captured, by shipment.
func (r Refund) captures() []Capture {
	if r.Taken && len(r.Captures) == 0 {
		return []Capture{{Amount: r.Captured, Lines: r.Sold}}
	}
	return r.Captures
}

// isTaken tells whether the capture is known.
func (r Refund) isTaken(shipmentID string) bool {
	return slices.ContainsFunc(r.captures(), func(c Capture) bool { return c.ShipmentID == shipmentID })
}

// withCapture puts one capture into a copy.
func (r Refund) withCapture(c Capture) Refund {
	r.Captures = append(slices.Clone(r.Captures), c)
	slices.SortFunc(r.Captures, func(a, b Capture) int { return strings.Compare(a.ShipmentID, b.ShipmentID) })
	return r
}

// about is the capture that a claim is about; false while it is not known. A parcel has the goods of one warehouse: a claim that
// came before the capture, and does not name the parcel, is found by that.
func (r Refund) about(c Claim) (Capture, bool) {
	captures := r.captures()
	i := slices.IndexFunc(captures, func(t Capture) bool {
		switch {
		case t.ShipmentID == "":
			return true
		case c.ShipmentID != "":
			return c.ShipmentID == t.ShipmentID
		}
		return len(c.Lines) > 0 && warehouse(c.Lines) == warehouse(t.Lines)
	})
	if i < 0 {
		return Capture{}, false
	}
	return captures[i], true
}

// LeftOf is the amount of a capture that could still be refunded, in minor units.
func (r Refund) LeftOf(t Capture) int64 {
	if t.ShipmentID == "" {
		return r.Left()
	}
	left := t.Amount
	for _, c := range r.Claims {
		if of, known := r.about(c); known && of.ShipmentID == t.ShipmentID &&
			(c.Status == Pending || c.Status == Issued || c.Status == Settled) {
			left -= c.Amount
		}
	}
	return max(0, min(left, r.Left()))
}

// LeftFor is the amount that could still be refunded of a parcel that was captured, or of all of the order, in minor units.
func (r Refund) LeftFor(shipmentID string) int64 {
	for _, t := range r.Captures {
		if t.ShipmentID == shipmentID {
			return r.LeftOf(t)
		}
	}
	return r.Left()
}

// of is what a capture of all of the order took for the goods of a claim, in minor units; false if it is for no other goods.
func (t Capture) of(c Claim) (amount int64, isPart bool) {
	for _, l := range t.Lines {
		if t.ShipmentID == "" && len(c.Lines) > 0 && !slices.ContainsFunc(c.Lines, func(o schemas.Allocation) bool {
			return o.Warehouse == l.Warehouse
		}) {
			isPart = true
		} else {
			amount += l.Quantity * l.UnitPrice
		}
	}
	return amount, isPart
}

// warehouse is the one that a parcel's goods are from; "" without goods.
func warehouse(lines []schemas.Allocation) string {
	if len(lines) == 0 {
		return ""
	}
	return lines[0].Warehouse
}
