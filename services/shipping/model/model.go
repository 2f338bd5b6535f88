// Package model declares the shipping service's part in exploration, audit and demo.
package model

import (
	"fmt"
	"slices"

	"orderflow.example/schemas"
	payments "orderflow.example/schemas/payment"
	event "orderflow.example/schemas/shipping"
	picks "orderflow.example/schemas/warehouse"
	"orderflow.example/services/shipping"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/audit"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/model"
)

// Service is the shipping service's part in an order.
var Service = model.Service{
	Watched:  watched,
	Machines: []explore.Machine{{Machine: shipping.Choreography.Machine(), Before: before, Check: goesOrIsWithdrawn}},
	Outside:  []explore.Outside{carrier},
	Variants: []model.Variant{{Machine: shipping.Choreography.Machine(), Scenes: scenes}},
	Start:    start,
	Harmless: map[string]string{"on record_scan": "a carrier that is asked answers the same, later"},
	End:      end,
	Role:     audit.Ships,
	Event:    counts,
	State:    has,
}

// scenes are those in which the carrier notifies.
var scenes = []model.Scene{
	{Stock: "enough", Fill: "fill_all", Customer: "trusted", Scans: true},
	{Stock: "enough", Fill: "fill_all", Customer: "trusted", Scans: true, Cancels: true},
	{Stock: "enough", Fill: "fill_all", Customer: "trusted", Scans: true, Returns: "each"},
}

func start(s model.Scene) map[string]any {
	if s.Scans {
		return map[string]any{carrier.Name: Labels{Notifies: true}}
	}
	return nil
}

func before(state any) []explore.Before {
	s, b := state.(shipping.Shipment), model.Before{}
	waiting := s.Ended == "" && len(s.Parcels) == 0
	no := func(parcel func(shipping.Parcel) bool) bool { return !slices.ContainsFunc(s.Parcels, parcel) }
	none := func(are ...shipping.Status) bool {
		return no(func(p shipping.Parcel) bool { return slices.Contains(are, p.Status) })
	}
	gone := []shipping.Status{shipping.Dispatched, shipping.Delivered, shipping.Lost}
	open := []shipping.Status{shipping.Preparing, shipping.Prepared}
	returns := []saga.Kind{event.ReturnLabelRequested, event.ReturnAuthorized, event.ReturnReceived}
	after := append([]saga.Kind{event.Delivered, event.Lost}, returns...)
	stays := !waiting && none(slices.Concat(open, gone)...)
	b.Never(!waiting, event.LabelRequested)
	b.Never(!waiting && no(func(p shipping.Parcel) bool { return p.Label == shipping.LabelAsked }), event.Prepared, event.Rejected)
	b.Never(!waiting && none(open...), event.Dispatched)
	b.Never(!waiting && s.Ended != shipping.Rejected && none(append(open, shipping.Rejected)...), event.Withdrawn)
	b.Never(stays, event.WithdrawalRefused)
	b.Never(stays, after...)
	b.Never(!waiting && none(append(open, shipping.Dispatched)...), event.Delivered, event.Lost)
	b.Never(!waiting && none(append(open, shipping.Dispatched, shipping.Delivered)...), returns...)
	goes := append([]saga.Kind{event.Dispatched, event.WithdrawalRefused}, after...)
	here := !stays && none(gone...)
	b.Until(here && no(func(p shipping.Parcel) bool { return p.Packed }), picks.Packed, goes...)
	b.Until(here && no(func(p shipping.Parcel) bool { return p.Paid }), payments.Captured, goes...)
	return b
}

func goesOrIsWithdrawn(before any, step saga.Step) string {
	s := before.(shipping.Shipment)
	for _, e := range step.Emitted {
		switch d := e.Data.(type) {
		case event.DispatchedV1:
			if p := s.Parcel(d.ShipmentID); p == nil || p.HandedOver() || p.Status == shipping.Withdrawn {
				return fmt.Sprintf("the parcel %s is handed over although it is one of %+v", d.ShipmentID, s.Parcels)
			}
		case event.WithdrawnV1:
			for _, p := range s.Parcels {
				if p.HandedOver() && (d.ShipmentID == "" || d.ShipmentID == p.ID) {
					return fmt.Sprintf("the parcel %s is withdrawn although it is %s", p.ID, p.Status)
				}
			}
		}
	}
	return ""
}

// end checks that each parcel is where the customer was told it is, that no label is unused, and that every return has ended.
func end(v model.Ending) string {
	s, l := v.State("shipping").(shipping.Shipment), v.State(carrier.Name).(Labels)
	delivered, lost, here := false, false, int64(0)
	for _, p := range s.Parcels {
		sold := l.about(p.ID)
		switch {
		case !p.HandedOver() && sold != nil && !sold.Voided:
			return fmt.Sprintf("the label of the parcel %s, which is %s, was not voided", p.ID, p.Status)
		case p.Status == shipping.Delivered && (sold == nil || !sold.Moved), p.Status == shipping.Dispatched,
			p.Status == shipping.Preparing, p.Status == shipping.Prepared:
			return fmt.Sprintf("the parcel %s is %s for ever", p.ID, p.Status)
		case p.Status == shipping.Delivered:
			here += pieces(p.Lines)
		}
		delivered, lost = delivered || p.Status == shipping.Delivered, lost || p.Status == shipping.Lost
	}
	switch v.Order.Ending {
	case audit.Cancelled:
		if v.Order.Lost != lost || delivered {
			return fmt.Sprintf("its parcels are %+v; the order ended as lost: %t", s.Parcels, v.Order.Lost)
		}
	case audit.Completed, audit.Returned:
		if !delivered {
			return fmt.Sprintf("nothing was delivered: its parcels are %+v", s.Parcels)
		}
	}
	var came int64
	for _, r := range s.Returns {
		switch r.Status {
		case shipping.ReturnReceived:
			came += pieces(r.Lines)
		case shipping.ReturnRefused:
		default:
			return fmt.Sprintf("the return %s is %s for ever", r.ID, r.Status)
		}
	}
	if whole := here > 0 && came == here; whole != (v.Order.Ending == audit.Returned) {
		return fmt.Sprintf("%d of %d pieces came back", came, here)
	}
	return ""
}

func pieces(lines []schemas.Allocation) int64 { return audit.Pieces(goods(lines)) }
