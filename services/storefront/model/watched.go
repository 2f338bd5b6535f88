package model

import (
	event "orderflow.example/schemas/storefront"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/model"
)

// watched is what operators watch of its events.
var watched = []model.Watched{
	{Asks: "Do customers order, cancel and send back?",
		Events: []saga.Kind{event.OrderPlaced, event.CancellationRequested, event.ReturnRequested},
		Do:     "Fewer orders than on other days: is the storefront reached, are orders shed? Many cancellations: are orders late?"},
}
