// Package warehouse decides what the floor does: it has parcels picked and packed once shipping has prepared them, buys goods
// that inventory requests, and receives goods, those bought and those an operator enters. Stock levels are kept by the
// inventory service.
//
// It is pure: the floor itself is in internal/floor, rows in internal/store, operators' routes in internal/api.
package warehouse

import (
	event "orderflow.example/schemas/warehouse"
	"orderflow.example/shared/saga"
)

// Status is the state of the pick of one order.
type Status string

const (
	Waiting   Status = "waiting"   // for shipping to prepare the parcel
	Picking   Status = "picking"   // the floor is asked
	Packed    Status = "packed"    // the parcel is packed
	Short     Status = "short"     // the shelf held less than the stock level, and nothing leaves
	Cancelled Status = "cancelled" // nothing is or will be picked
)

// Pick is this service's state of one order.
type Pick struct {
	Order      string
	Status     Status
	ShipmentID string
}

// BlankPick is the pick of an order without events.
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
