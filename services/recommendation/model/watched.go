package model

import (
	event "orderflow.example/schemas/recommendation"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/model"
)

// watched is what operators watch of its events.
var watched = []model.Watched{
	{Asks: "Is learnt from what is ordered?",
		Events: []saga.Kind{event.BasketNoted},
		Do:     "Baskets follow confirmed orders. None while orders are confirmed: is the service behind?"},
}
