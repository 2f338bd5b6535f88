// Package model declares the shipping service's part in exploration, audit and demo.
package model

import (
	"fmt"
	"slices"

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
	in := func(status ...shipping.Status) bool { return slices.Contains(status, s.Status) }
	stays := in(shipping.Withdrawn, shipping.Rejected)
	after := []saga.Kind{event.Delivered, event.Lost, event.ReturnLabelRequested, event.ReturnAuthorized, event.ReturnReceived}
	b.Never(!in(shipping.Waiting), event.LabelRequested)
	b.Never(!in(shipping.Waiting) && s.Label != shipping.LabelAsked, event.Prepared, event.Rejected)
	b.Never(stays || s.HandedOver(), event.Dispatched)
	b.Never(s.HandedOver() || in(shipping.Withdrawn), event.Withdrawn)
	b.Never(stays, event.WithdrawalRefused)
	b.Never(stays, after...)
	b.Never(in(shipping.Delivered, shipping.Lost), event.Delivered, event.Lost)
	b.Never(in(shipping.Lost), event.ReturnLabelRequested, event.ReturnAuthorized, event.ReturnReceived)
	goes := append([]saga.Kind{event.Dispatched, event.WithdrawalRefused}, after...)
	here := !stays && !s.HandedOver()
	b.Until(here && !s.Packed, picks.Packed, goes...)
	b.Until(here && !s.Paid, payments.Captured, goes...)
	return b
}

func goesOrIsWithdrawn(before any, step saga.Step) string {
	s := before.(shipping.Shipment)
	for _, e := range step.Emitted {
		switch e.Data.(type) {
		case event.DispatchedV1:
			if s.HandedOver() || s.Status == shipping.Withdrawn {
				return fmt.Sprintf("the parcel is handed over although it is %s", s.Status)
			}
		case event.WithdrawnV1:
			if s.HandedOver() {
				return fmt.Sprintf("the parcel is withdrawn although it is %s", s.Status)
			}
		}
	}
	return ""
}

// end checks that the parcel is where the customer was told it is, that no label is unused, and that every return has ended.
func end(v model.Ending) string {
	s, l := v.State("shipping").(shipping.Shipment), v.State(carrier.Name).(Labels)
	switch v.Order.Ending {
	case audit.Cancelled:
		if !s.HandedOver() && l.Parcel.Bought && !l.Parcel.Voided {
			return "its label was not voided"
		}
		if v.Order.Lost != (s.Status == shipping.Lost) || s.Status == shipping.Delivered {
			return fmt.Sprintf("its parcel is %s; the order ended as lost: %t", s.Status, v.Order.Lost)
		}
	case audit.Completed, audit.Returned:
		if s.Status != shipping.Delivered || !l.Parcel.Moved {
			return fmt.Sprintf("its parcel is %s", s.Status)
		}
	}
	var came, left int64
	for _, r := range s.Returns {
		switch r.Status {
		case shipping.ReturnReceived:
			for _, l := range r.Lines {
				came += l.Quantity
			}
		case shipping.ReturnRefused:
		default:
			return fmt.Sprintf("the return %s is %s for ever", r.ID, r.Status)
		}
	}
	for _, l := range s.Lines {
		left += l.Quantity
	}
	if whole := left > 0 && came == left; whole != (v.Order.Ending == audit.Returned) {
		return fmt.Sprintf("%d of %d pieces came back", came, left)
	}
	return ""
}
