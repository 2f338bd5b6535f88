package model

import (
	event "orderflow.example/schemas/warehouse"
	"orderflow.example/services/warehouse"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
)

// Shelves is the floor's state of an order.
type Shelves struct {
	Stocked map[string]int64 // by SKU, before the order
	Picked  bool             // the parcel is packed, or has left
	Stopped bool             // the floor was told not to pick
}

var floor = explore.Outside{
	Name:  "the floor",
	Asked: []string{warehouse.PickOnFloor.Name(), warehouse.ClearFloor.Name()},
	Start: Shelves{},
	Act: func(state any, _ string, e saga.Event) []explore.Outcome {
		s := state.(Shelves)
		switch d := e.Data.(type) {
		case event.PickRequestedV1:
			if s.Stopped {
				return []explore.Outcome{{Does: "has stopped the pick", State: s, Answer: warehouse.PickAnswer{Missing: d.Lines}}}
			}
			picked := s
			picked.Picked = true
			outcomes := []explore.Outcome{{Does: "packs the parcel", State: picked, Answer: warehouse.PickAnswer{}}}
			if last := len(d.Lines) - 1; d.Partial && last > 0 {
				return append(outcomes, explore.Outcome{Does: "packs the parcel without some goods", State: picked,
					Answer: warehouse.PickAnswer{Missing: d.Lines[last:], Packed: d.Lines[:last]}})
			}
			return append(outcomes,
				explore.Outcome{Does: "does not find all goods", State: s, Answer: warehouse.PickAnswer{Missing: d.Lines[:1]}})
		case event.PickCancelledV1:
			if d.ShipmentID != "" { // otherwise it was never asked
				s.Picked, s.Stopped = false, true
			}
			return []explore.Outcome{{Does: "puts the goods back", State: s, Answer: warehouse.ClearAnswer{}}}
		}
		return nil
	},
}
