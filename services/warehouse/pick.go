// Package warehouse decides what the floor does: it has parcels picked and packed once shipping prepared them, and
// takes in goods, those it buys when inventory runs low and those an operator says have come. What the books make of
// that is the inventory service's business.
//
// It is pure: the floor itself is in internal/floor, rows in internal/store, operators' routes in internal/api.
package warehouse

import (
	event "orderflow.example/schemas/warehouse"
	"orderflow.example/shared/saga"
)

// Status is where the pick of one order stands.
type Status string

const (
	Waiting   Status = "waiting"   // for shipping to prepare the parcel
	Picking   Status = "picking"   // the floor is asked
	Packed    Status = "packed"    // the parcel stands ready
	Short     Status = "short"     // the shelf held less than the books said
	Cancelled Status = "cancelled" // nothing is or will be picked
)

// Pick is what this service knows of one order.
type Pick struct {
	Order      string
	Status     Status
	ShipmentID string
}

// BlankPick is the pick of an order nothing is known of.
func BlankPick(order string) Pick { return Pick{Order: order, Status: Waiting} }

// EvolvePick folds the service's own events about an order.
func EvolvePick(p Pick, e saga.Event) Pick {
	switch d := e.Data.(type) {
	case event.PickRequestedV1:
		p.Status, p.ShipmentID = Picking, d.ShipmentID
	case event.PackedV1:
		p.Status = Packed
	case event.ShortPickedV1:
		p.Status = Short
	case event.PickCancelledV1:
		p.Status = Cancelled
	}
	return p
}
