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
	Watched: watched,
	Machines: []explore.Machine{{Machine: inventory.Choreography.Machine(), Before: before, Check: reservedIsOnHand,
		Same: withoutMovements}},
	Start: func(s model.Scene) map[string]any {
		stocked, levels := s.Stocked(), inventory.Levels{}
		for _, sku := range []string{model.Cup, model.Tea} { // a product without goods was here before
			levels = append(levels, inventory.Level{SKU: sku, Warehouse: s.At(sku), OnHand: stocked[sku]})
		}
		return map[string]any{"inventory": inventory.State{Key: model.Order, Levels: levels}}
	},
	Harmless: map[string]string{
		"after inventory.backordered.v1": "order's own deadline cancels the order a day later",
	},
	Told: func(s model.Scene) []explore.Told {
		if !s.Missing {
			return nil
		}
		return []explore.Told{{Who: "nobody finds any tea", Event: inventory.CountStock.About(model.Tea,
			inventory.Count{ID: "count-1", Warehouse: s.At(model.Tea)})}}
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
	b.Never(status == inventory.Rejected || status == inventory.Released || status == inventory.Committed, event.CountedOut)
	return b
}

// withoutMovements forgets movements, on which no decision depends; what was counted is for the check of endings.
func withoutMovements(state any) any {
	s := state.(inventory.State)
	var counted []inventory.Movement
	for _, m := range s.Moved {
		if m.Cause == inventory.Counted {
			counted = append(counted, inventory.Movement{SKU: m.SKU, Warehouse: m.Warehouse, Change: m.Change, Cause: m.Cause})
		}
	}
	s.Moved = counted
	return s
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
		return audit.Committed{Lines: goods(d.Lines), Counted: writtenOff(d.WrittenOff)}
	case event.CountedV1:
		return audit.Counted{Lines: []audit.Goods{{SKU: e.Key, Warehouse: d.Warehouse, Quantity: d.Difference}}}
	case event.WrittenOffV1:
		return audit.Counted{Lines: []audit.Goods{{SKU: e.Key, Warehouse: d.Warehouse, Quantity: -d.Quantity}}}
	case event.ReleasedV1:
		if len(d.WrittenOff) > 0 {
			return audit.Counted{Lines: writtenOff(d.WrittenOff)}
		}
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
	case inventory.Shelf:
		return []audit.Fact{audit.Level{SKU: s.SKU, Warehouse: s.Warehouse, OnHand: s.OnHand, Reserved: s.Reserved, Moved: s.Sum}}
	case inventory.Level:
		return []audit.Fact{audit.Level{SKU: s.SKU, Warehouse: s.Warehouse, OnHand: s.OnHand, Reserved: s.Reserved}}
	case inventory.State:
		facts := has(s.Reservation)
		for _, l := range s.Levels {
			facts = append(facts, has(l)...)
		}
		for _, m := range s.Moved {
			if m.Cause == inventory.Counted {
				facts = append(facts, audit.Counted{Lines: []audit.Goods{{SKU: m.SKU, Warehouse: m.Warehouse, Quantity: m.Change}}})
			}
		}
		return facts
	}
	return nil
}

func writtenOff(lines []schemas.Allocation) []audit.Goods {
	list := goods(lines)
	for i := range list {
		list[i].Quantity *= -1
	}
	return list
}

func goods(lines []schemas.Allocation) (list []audit.Goods) {
	for _, l := range lines {
		list = append(list, audit.Goods{SKU: l.SKU, Warehouse: l.Warehouse, Quantity: l.Quantity})
	}
	return list
}
