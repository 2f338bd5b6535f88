// Package model declares the warehouse service's part in exploration, audit and demo.
package model

import (
	"fmt"
	"slices"

	event "orderflow.example/schemas/warehouse"
	"orderflow.example/services/warehouse"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/audit"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/model"
)

// Service is the warehouse service's part in an order.
var Service = model.Service{
	Watched:  watched,
	Machines: []explore.Machine{{Machine: warehouse.Picks.Machine(), Before: before}},
	Left:     []string{"warehouse (product)"},
	Outside:  []explore.Outside{floor},
	Start: func(s model.Scene) map[string]any {
		shelves := s.Stocked()
		for sku, n := range s.Comes() {
			shelves[sku] += n
		}
		return map[string]any{floor.Name: Shelves{Stocked: shelves}}
	},
	Told: comes,
	End:  end,
	Role: audit.Receives,
	Event: func(e saga.Event) audit.Fact {
		if d, is := e.Data.(event.StockReceivedV1); is {
			return audit.Received{Warehouse: d.Warehouse, Quantity: d.Quantity}
		}
		return nil
	},
	State: func(state any) []audit.Fact {
		if s, is := state.(Shelves); is {
			return []audit.Fact{audit.Shelves{Stocked: s.Stocked}}
		}
		return nil
	},
}

// comes are receipts of goods.
func comes(s model.Scene) (list []explore.Told) {
	for sku, n := range s.Comes() {
		list = append(list, explore.Told{Who: "goods come in", Event: event.StockReceived.About(sku,
			event.StockReceivedV1{ReceiptID: "receipt-1", Warehouse: s.At(sku), Quantity: n})})
	}
	return list
}

func before(state any) []explore.Before {
	p, b := state.(warehouse.Pick), model.Before{}
	begun := p.Cancelled || int64(len(p.Parcels)) == parcels(p)
	picking := slices.ContainsFunc(p.Parcels, func(one warehouse.Parcel) bool { return one.Status == warehouse.Picking })
	b.Never(begun, event.PickRequested)
	b.Never(begun && !picking, event.Packed, event.ShortPicked)
	b.Never(p.Cancelled, event.PickCancelled)
	b.Never(p.Cancelled || parcels(p) == 1, event.ParcelCancelled)
	return b
}

// parcels is how many picks the order will have; -1 as long as that is not known.
func parcels(p warehouse.Pick) int64 {
	for _, one := range p.Parcels {
		switch {
		case one.Part != nil:
			return one.Part.Of
		case one.Status != warehouse.Cancelled:
			return 1
		}
	}
	return -1
}

// end checks that no parcel stays packed that is not to leave, neither of an order nor by itself.
func end(v model.Ending) string {
	p, shelves := v.State("warehouse").(warehouse.Pick), v.State(floor.Name).(Shelves)
	if v.Order.Ending == audit.Cancelled && !v.Shipments.HandedOver() {
		if slices.ContainsFunc(shelves.Picks, func(one Pick) bool { return one.Picked }) {
			return "its parcel is still packed"
		}
		if !p.Cancelled {
			return fmt.Sprintf("the warehouse was not told: its picks are %v", p.Parcels)
		}
	}
	for _, one := range v.Shipments.Parcels {
		if one.Fate != audit.Withdrawn {
			continue
		}
		if shelves.pick(one.Shipment).Picked {
			return fmt.Sprintf("the parcel %s is withdrawn and still packed", one.Shipment)
		}
		if known := p.Parcel(one.Shipment); !p.Cancelled && (known == nil || known.Status != warehouse.Cancelled) {
			return fmt.Sprintf("the parcel %s is withdrawn and the warehouse was not told", one.Shipment)
		}
	}
	return ""
}
