package model

import (
	event "orderflow.example/schemas/warehouse"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/model"
)

// watched is what operators watch of its events.
var watched = []model.Watched{
	{Asks: "Is on the shelves what the books say?",
		Events: []saga.Kind{event.ShortPicked}, Among: []saga.Kind{event.Packed, event.ShortPicked},
		Do: "Count the shelves of the products named in the orders, and correct the stock.",
		Alert: &model.Alert{Name: "ShortPicks", Above: .05, Least: 20,
			Says: "more than one of twenty picks finds too little on the shelf"}},
}
