package model

import (
	"slices"
	"strings"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/warehouse"
	"orderflow.example/services/warehouse"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
)

// Shelves is the floor's state of an order.
type Shelves struct {
	Stocked map[string]int64 // by SKU, before the order
	Picks   []Pick           // by shipment
}

// Pick is the floor's state of a parcel.
type Pick struct {
	ID      string
	Picked  bool // it is packed, or has left
	Stopped bool // the floor was told not to pick it
}

func (s Shelves) pick(id string) Pick {
	for _, p := range s.Picks {
		if p.ID == id {
			return p
		}
	}
	return Pick{ID: id}
}

// with is a copy in which one pick is new, or changed.
func (s Shelves) with(p Pick) Shelves {
	s.Picks = append(slices.DeleteFunc(slices.Clone(s.Picks), func(old Pick) bool { return old.ID == p.ID }), p)
	slices.SortFunc(s.Picks, func(a, b Pick) int { return strings.Compare(a.ID, b.ID) })
	return s
}

var floor = explore.Outside{
	Name: "the floor",
	Asked: []string{warehouse.PickOnFloor.Name(), warehouse.ClearFloor.Name(),
		warehouse.ClearParcel.Name()},
	Start: Shelves{},
	Act: func(state any, _ string, e saga.Event) []explore.Outcome {
		s := state.(Shelves)
		switch d := e.Data.(type) {
		case event.PickRequestedV1:
			answer := func(missing, packed []schemas.Allocation) warehouse.PickAnswer {
				return warehouse.PickAnswer{ShipmentID: d.ShipmentID, Missing: missing, Packed: packed}
			}
			if s.pick(d.ShipmentID).Stopped {
				return []explore.Outcome{{Does: "has stopped the pick", State: s, Answer: answer(d.Lines, nil)}}
			}
			picked := s.with(Pick{ID: d.ShipmentID, Picked: true})
			outcomes := []explore.Outcome{{Does: "packs the parcel", State: picked, Answer: answer(nil, nil)}}
			if last := len(d.Lines) - 1; d.Partial && last > 0 {
				return append(outcomes, explore.Outcome{Does: "packs the parcel without some goods", State: picked,
					Answer: answer(d.Lines[last:], d.Lines[:last])})
			}
			return append(outcomes, explore.Outcome{Does: "does not find all goods", State: s, Answer: answer(d.Lines[:1], nil)})
		case event.PickCancelledV1:
			if d.ShipmentID != "" { // otherwise it was never asked
				s = s.with(Pick{ID: d.ShipmentID, Stopped: true})
			}
			return []explore.Outcome{{Does: "puts the goods back", State: s, Answer: warehouse.ClearAnswer{}}}
		case event.ParcelCancelledV1:
			return []explore.Outcome{{Does: "puts the parcel's goods back", State: s.with(Pick{ID: d.ShipmentID, Stopped: true}),
				Answer: warehouse.ClearAnswer{}}}
		}
		return nil
	},
}
