package payment

import (
	"reflect"
	"slices"
	"strings"

	"orderflow.example/schemas"
	"orderflow.example/schemas/order"
	event "orderflow.example/schemas/payment"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/shared/saga"
)

// Part is what of the authorisation is captured for one of several parcels.
type Part struct {
	ShipmentID string               `json:"shipment_id"`
	ID         string               `json:"id,omitempty"` // of the event that asks the gateway
	Status     PartStatus           `json:"status"`
	Amount     int64                `json:"amount,omitempty"` // asked for or captured, in minor units
	Lines      []schemas.Allocation `json:"lines,omitempty"`
	Withdrawn  bool                 `json:"withdrawn,omitempty"` // the parcel does not leave, and the gateway is being asked
}

// PartStatus is the state of a part.
type PartStatus string

const (
	PartPacked    PartStatus = "packed"    // it waits for the order's other parcels, to be captured with them
	PartAsked     PartStatus = "asked"     // the gateway is asked
	PartTaken     PartStatus = "captured"  // the gateway took the amount
	PartRefused   PartStatus = "failed"    // the gateway refused
	PartWithdrawn PartStatus = "withdrawn" // nothing is or will be taken for the parcel, which does not leave
)

func (c Part) taken(amount int64) Part {
	c.Status, c.Amount, c.Withdrawn = PartTaken, amount, false
	return c
}

func (c Part) failed() Part {
	if c.Withdrawn {
		return Part{ShipmentID: c.ShipmentID, Status: PartWithdrawn}
	}
	c.Status = PartRefused
	return c
}

func (c Part) withdrawn() Part {
	switch c.Status {
	case PartTaken:
		return c
	case PartAsked:
		c.Withdrawn = true
		return c
	}
	return Part{ShipmentID: c.ShipmentID, Status: PartWithdrawn}
}

// part finds the part of a parcel, or that of all of the order; status "" if there is none.
func (p Payment) part(shipmentID string) Part {
	if shipmentID == "" && p.Status == Capturing {
		return Part{Status: PartAsked, Amount: p.Asked, Lines: p.Lines}
	}
	if i := slices.IndexFunc(p.Parts, func(c Part) bool { return c.ShipmentID == shipmentID }); i >= 0 {
		return p.Parts[i]
	}
	return Part{ShipmentID: shipmentID}
}

// withPart puts one part into a copy.
func (p Payment) withPart(c Part) Payment {
	others := slices.DeleteFunc(slices.Clone(p.Parts), func(o Part) bool { return o.ShipmentID == c.ShipmentID })
	p.Parts = append(others, c)
	slices.SortFunc(p.Parts, func(a, b Part) int { return strings.Compare(a.ShipmentID, b.ShipmentID) })
	return p
}

// Open is what was set aside and is not captured, in minor units.
func (p Payment) Open() int64 { return p.Amount.Amount - p.Captured }

// Asks tells whether the gateway is being asked for a capture.
func (p Payment) Asks() bool {
	return slices.ContainsFunc(p.Parts, func(c Part) bool { return c.Status == PartAsked })
}

// isOver tells whether nothing more is waited for: every one of several parcels is captured or withdrawn, or packed where they
// are captured together.
func (p Payment) isOver() bool {
	over := int64(0)
	for _, c := range p.Parts {
		if c.Status == PartTaken || c.Status == PartWithdrawn || c.Status == PartPacked {
			over++
		}
	}
	return p.Parcels > 0 && over == p.Parcels
}

// capture takes the money for a packed parcel: what is in it costs, where that is not all of the order. For the only parcel the
// gateway lets go of the rest. An order that was cancelled before has no authorisation any more.
func capture(p Payment, e warehouse.PackedV1) []saga.Event {
	if p.Status != Authorized || p.Withdrawn {
		return nil
	}
	if e.Parcel == nil {
		return []saga.Event{p.ask("", e.Lines)}
	}
	switch {
	case p.part(e.ShipmentID).Status != "":
		return nil
	case !p.Once && p.Parcels > 0:
		return []saga.Event{p.ask(e.ShipmentID, e.Lines)}
	}
	// It can be captured only once, or was authorised by a release that knew of one parcel for an order.
	noted := event.Readied.Of(event.ReadiedV1{By: byParcel, ShipmentID: e.ShipmentID, Lines: e.Lines, Captures: e.Parcel.Of})
	return append([]saga.Event{noted}, finish(Evolve(p, noted))...)
}

// ask asks the gateway for what goods cost; all of the order where they are none.
func (p Payment) ask(shipmentID string, lines []schemas.Allocation) saga.Event {
	amount := p.Amount
	if len(lines) > 0 {
		amount.Amount = schemas.Worth(lines)
	}
	return event.CaptureRequested.Of(event.CaptureRequestedV1{Attempt: p.Attempt, Reference: p.Reference, Amount: amount,
		Lines: lines, ShipmentID: shipmentID})
}

func captureAnswered(p Payment, a CaptureAnswer) []saga.Event {
	c := p.part(a.ShipmentID)
	if c.Status != PartAsked {
		return nil
	}
	said := event.Captured.Of(event.CapturedV1{Reference: p.Reference, ShipmentID: c.ShipmentID,
		Amount: schemas.Money{Amount: c.Amount, Currency: p.Amount.Currency}, Lines: c.Lines})
	if a.Refused != "" {
		said = event.CaptureFailed.Of(event.CaptureFailedV1{Reference: p.Reference, Reason: a.Refused, ShipmentID: c.ShipmentID})
	}
	return append([]saga.Event{said}, finish(Evolve(p, said))...)
}

// parcelCancelled makes sure that nothing more is taken for a parcel that does not leave. What is taken already, or being taken
// for all parcels together, is refunded by the refund service.
func parcelCancelled(p Payment, e order.ParcelCancelledV1) []saga.Event {
	if c := p.part(e.ShipmentID); p.Status != Authorized || p.Withdrawn || reflect.DeepEqual(c, c.withdrawn()) {
		return nil
	}
	said := event.Withdrawn.Of(event.WithdrawnV1{ShipmentID: e.ShipmentID})
	return append([]saga.Event{said}, finish(Evolve(p, said))...)
}

// finish lets go of what is set aside and will not be captured, once the gateway is not being asked for any capture. Parcels that
// are captured together are captured before.
func finish(p Payment) []saga.Event {
	var packed []schemas.Allocation
	for _, c := range p.Parts {
		if c.Status == PartPacked {
			packed = append(packed, c.Lines...)
		}
	}
	switch {
	case p.Asks() || p.Status != Authorized && p.Status != CaptureFailed:
		return nil
	case p.Withdrawn, p.Status == Authorized && p.isOver() && len(packed) == 0:
		return []saga.Event{void(p)}
	case p.Status == Authorized && p.isOver():
		return []saga.Event{p.ask("", packed)}
	}
	return nil
}
