package model

import (
	event "orderflow.example/schemas/catalog"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/model"
)

// watched is what operators watch of its events.
var watched = []model.Watched{
	{Asks: "Does the catalogue change?",
		Events: []saga.Kind{event.ProductListed, event.PriceChanged, event.Withdrawn, event.Restored},
		Do:     "A burst is an import. Prices that change without one: who imports?"},
}
