package model

import (
	event "orderflow.example/schemas/inventory"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/model"
)

// watched is what operators watch of its events.
var watched = []model.Watched{
	{Asks: "Are the goods there?",
		Events: []saga.Kind{event.Rejected}, Among: []saga.Kind{event.Reserved, event.Rejected},
		Do: "GET /v1/stock/{sku} tells what is on hand; is replenishment delivered (warehouse)? Is one product in every order?",
		Alert: &model.Alert{Name: "StockOuts", Above: .3, Least: 20,
			Says: "more than three of ten orders are refused because goods are missing"}},
	{Asks: "Do stock-takings find what is promised to customers?",
		Events: []saga.Kind{event.CountedOut},
		Do:     "Each is an order without its goods, cancelled unless its parcel has left: see GET /v1/stock/{sku}?of=movements."},
	{Asks: "Is more ordered from suppliers than comes in?",
		Events: []saga.Kind{event.ReplenishmentRequested, event.Stocked},
		Do:     "Requested and not stocked: the warehouse asks the supplier, see its calls on the dashboard Service."},
}
