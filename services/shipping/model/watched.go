package model

import (
	event "orderflow.example/schemas/shipping"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/model"
)

// watched is what operators watch of its events.
var watched = []model.Watched{
	{Asks: "Do parcels go out and arrive?",
		Events: []saga.Kind{event.Prepared, event.Dispatched, event.Delivered, event.Rejected},
		Do:     "Prepared and not dispatched: is the warehouse packing, is the money taken? Rejected: no carrier goes there."},
	{Asks: "Are parcels lost?",
		Events: []saga.Kind{event.Lost}, Among: []saga.Kind{event.Delivered, event.Lost},
		Do: "One carrier, one place? The customers are refunded by themselves; claim the parcels from the carrier.",
		Alert: &model.Alert{Name: "ParcelsLost", Above: .05, Least: 20,
			Says: "more than one of twenty parcels is lost"}},
}
