// Package warehouse decides what the floor does: it has parcels picked and packed once shipping has prepared them, buys goods
// that inventory requests, and receives goods, those bought and those an operator enters. Stock levels are kept by the
// inventory service.
//
// It is pure: the floor itself is in internal/floor, rows in internal/store, operators' routes in internal/api.
package warehouse

import (
	"slices"
	"strings"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/warehouse"
	"orderflow.example/shared/saga"
)

// Status is the state of one pick.
type Status string

const (
	Picking   Status = "picking"   // the floor is asked
	Packed    Status = "packed"    // the parcel is packed
	Short     Status = "short"     // the shelf held less than the stock level, and nothing leaves
	Cancelled Status = "cancelled" // it is not or will not be picked
)

// Pick is this service's state of one order, of which each warehouse sends a parcel.
type Pick struct {
	Order     string
	Cancelled bool     // nothing of the order is picked any more
	Parcels   []Parcel // by shipment
}

// Parcel is the pick of one parcel.
type Parcel struct {
	ShipmentID string               `json:"shipment_id"`
	Status     Status               `json:"status"`
	Part       *schemas.Parcel      `json:"part,omitempty"`  // nil where the order leaves in one
	Lines      []schemas.Allocation `json:"lines,omitempty"` // what is picked, where the order leaves in several
}

// BlankPick is the pick of an order without events.
func BlankPick(order string) Pick { return Pick{Order: order} }

// Parcel is the pick of this shipment, or the only one where none is named; nil if there is none.
func (p Pick) Parcel(shipment string) *Parcel {
	for i := range p.Parcels {
		if one := &p.Parcels[i]; one.ShipmentID == shipment || shipment == "" && len(p.Parcels) == 1 {
			return one
		}
	}
	return nil
}

// EvolvePick folds the service's own events about an order.
func EvolvePick(p Pick, e saga.Event) Pick {
	switch d := e.Data.(type) {
	case event.PickRequestedV1:
		return p.with(d.ShipmentID, func(one *Parcel) {
			if one.Status, one.Part = Picking, d.Parcel; d.Parcel != nil {
				one.Lines = d.Lines
			}
		})
	case event.PackedV1:
		return p.with(d.ShipmentID, func(one *Parcel) { one.Status, one.Lines = Packed, nil })
	case event.ShortPickedV1:
		return p.with(d.ShipmentID, func(one *Parcel) { one.Status, one.Lines = Short, nil })
	case event.PickCancelledV1:
		p.Cancelled = true
		if d.ShipmentID != "" {
			return p.with(d.ShipmentID, func(one *Parcel) { one.Status, one.Lines = Cancelled, nil })
		}
	case event.ParcelCancelledV1:
		return p.with(d.ShipmentID, func(one *Parcel) { one.Status = Cancelled })
	}
	return p
}

// with changes one pick in a copy, adding it in its place if it is new.
func (p Pick) with(shipment string, change func(*Parcel)) Pick {
	p.Parcels = slices.Clone(p.Parcels)
	if p.Parcel(shipment) == nil {
		p.Parcels = append(p.Parcels, Parcel{ShipmentID: shipment})
		slices.SortFunc(p.Parcels, func(a, b Parcel) int { return strings.Compare(a.ShipmentID, b.ShipmentID) })
	}
	change(p.Parcel(shipment))
	return p
}
