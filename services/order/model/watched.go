package model

import (
	event "orderflow.example/schemas/order"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/model"
)

// watched is what operators watch of its events.
var watched = []model.Watched{
	{Asks: "How do orders fare?",
		Events: []saga.Kind{event.Confirmed, event.Completed, event.Cancelled, event.Rejected},
		Do:     "Fewer confirmed than placed: the panels below say which step says no. Rejected ones passed the API and are wrong."},
	{Asks: "How many of those who want to cancel are too late?",
		Events: []saga.Kind{event.CancellationRefused}, Among: []saga.Kind{event.CancellationRefused, event.Cancelled},
		Do: "Most of them: parcels leave faster than customers change their minds; nothing is wrong with the service."},
}
