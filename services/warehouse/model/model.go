// Package model declares the warehouse service's part in exploration, audit and demo.
package model

import (
	"fmt"

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
	b.Never(p.Status != warehouse.Waiting, event.PickRequested)
	b.Never(p.Status != warehouse.Waiting && p.Status != warehouse.Picking, event.Packed, event.ShortPicked)
	b.Never(p.Status == warehouse.Cancelled, event.PickCancelled)
	return b
}

// end checks that no parcel stays packed for an order that was cancelled before its parcel left.
func end(v model.Ending) string {
	if v.Order.Ending != audit.Cancelled || v.Shipments.HandedOver() {
		return ""
	}
	if v.State(floor.Name).(Shelves).Picked {
		return "its parcel is still packed"
	}
	if p := v.State("warehouse").(warehouse.Pick); p.Status != warehouse.Cancelled {
		return fmt.Sprintf("the warehouse was not told: its pick is %s", p.Status)
	}
	return ""
}
