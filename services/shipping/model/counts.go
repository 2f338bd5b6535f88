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
	case event.LabelRequestedV1:
		return audit.Labelled{}
	case event.DispatchedV1:
		return audit.Dispatched{Shipment: d.ShipmentID, Lines: goods(d.Lines)}
	case event.ReturnReceivedV1:
		return cameBack(d.ReturnID, d.Lines)
	}
	return nil
}

var fates = map[shipping.Status]audit.Fate{shipping.Withdrawn: audit.Withdrawn, shipping.Rejected: audit.Withdrawn,
	shipping.Dispatched: audit.Gone, shipping.Delivered: audit.Delivered, shipping.Lost: audit.Lost}

func has(state any) []audit.Fact {
	s, is := state.(shipping.Shipment)
	if !is {
		return nil
	}
	var all audit.Shipments
	for _, p := range s.Parcels {
		all.Parcels = append(all.Parcels, audit.Parcel{Shipment: p.ID, Status: string(p.Status), Fate: fates[p.Status],
			Lines: goods(p.Lines), Worth: schemas.Worth(p.Lines)})
	}
	for _, r := range s.Returns {
		if r.Status == shipping.ReturnReceived {
			all.Back = append(all.Back, cameBack(r.ID, r.Lines))
		}
	}
	return []audit.Fact{all}
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
