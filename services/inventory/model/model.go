// Package model declares the inventory service's part in exploration, audit and demo.
package model

import (
	"fmt"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/inventory"
	"orderflow.example/services/inventory"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/audit"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/model"
)

// Service is the inventory service's part in an order.
var Service = model.Service{
	Watched:  watched,
	Machines: []explore.Machine{{Machine: inventory.Choreography.Machine(), Before: before, Check: reservedIsOnHand}},
	Start: func(s model.Scene) map[string]any {
		stocked, levels := s.Stocked(), inventory.Levels{}
		for _, sku := range []string{model.Cup, model.Tea} { // a product without goods was here before
			levels = append(levels, inventory.Level{SKU: sku, Warehouse: model.Where, OnHand: stocked[sku]})
		}
		return map[string]any{"inventory": inventory.State{Key: model.Order, Levels: levels}}
	},
	Harmless: map[string]string{
		"after inventory.backordered.v1": "order's own deadline cancels the order a day later",
	},
	Role:  audit.Reserves,
	Event: counts,
	State: has,
}

func before(state any) []explore.Before {
	status, b := state.(inventory.State).Reservation.Status, model.Before{}
	b.Never(status != inventory.Unknown, event.Backordered)
	b.Never(status != inventory.Unknown && status != inventory.Backordered, event.Reserved, event.Rejected)
	b.Never(status == inventory.Released || status == inventory.Committed, event.Released)
	return b
}

func reservedIsOnHand(_ any, step saga.Step) string {
	for _, l := range step.State.(inventory.State).Levels {
		if l.Reserved < 0 || l.Reserved > l.OnHand {
			return fmt.Sprintf("%d of %s are reserved, and %d on hand", l.Reserved, l.SKU, l.OnHand)
		}
	}
	return ""
}

func counts(e saga.Event) audit.Fact {
	switch d := e.Data.(type) {
	case event.StockedV1:
		return audit.Stocked{Warehouse: d.Warehouse, Quantity: d.Quantity}
	case event.CommittedV1:
		return audit.Committed{Lines: goods(d.Lines)}
	case event.RestockedV1:
		return audit.Restocked{Return: d.ReturnID, Lines: goods(d.Lines)}
	}
	return nil
}

// has lists the facts of a row, or of the state for one event.
func has(state any) []audit.Fact {
	switch s := state.(type) {
	case inventory.Reservation:
		return []audit.Fact{audit.Reservation{Status: string(s.Status), Held: s.Status == inventory.Reserved,
			Committed: s.Status == inventory.Committed, Lines: goods(s.Lines)}}
	case inventory.Level:
		return []audit.Fact{audit.Level{SKU: s.SKU, Warehouse: s.Warehouse, OnHand: s.OnHand, Reserved: s.Reserved}}
	case inventory.State:
		facts := has(s.Reservation)
		for _, l := range s.Levels {
			facts = append(facts, has(l)...)
		}
		return facts
	}
	return nil
}

func goods(lines []schemas.Allocation) (list []audit.Goods) {
	for _, l := range lines {
		list = append(list, audit.Goods{SKU: l.SKU, Warehouse: l.Warehouse, Quantity: l.Quantity})
	}
	return list
}
