package model

import (
	"orderflow.example/schemas"
	event "orderflow.example/schemas/shipping"
	"orderflow.example/services/shipping"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/audit"
)

func counts(e saga.Event) audit.Fact {
	switch d := e.Data.(type) {
	case event.DispatchedV1:
		return audit.Dispatched{Shipment: d.ShipmentID, Lines: goods(d.Lines)}
	case event.ReturnReceivedV1:
		return cameBack(d.ReturnID, d.Lines)
	}
	return nil
}

func has(state any) []audit.Fact {
	s, is := state.(shipping.Shipment)
	if !is {
		return nil
	}
	p := audit.Parcel{Status: string(s.Status), HandedOver: s.HandedOver()}
	for _, r := range s.Returns {
		if r.Status == shipping.ReturnReceived {
			p.Back = append(p.Back, cameBack(r.ID, r.Lines))
		}
	}
	return []audit.Fact{p}
}

func cameBack(id string, lines []schemas.Allocation) audit.CameBack {
	c := audit.CameBack{Return: id, Lines: goods(lines)}
	for _, l := range lines {
		c.Worth += l.Quantity * l.UnitPrice
	}
	return c
}

func goods(lines []schemas.Allocation) (list []audit.Goods) {
	for _, l := range lines {
		list = append(list, audit.Goods{SKU: l.SKU, Warehouse: l.Warehouse, Quantity: l.Quantity})
	}
	return list
}
