package model

import (
	event "orderflow.example/schemas/refund"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/model"
)

// watched is what operators watch of its events.
var watched = []model.Watched{
	{Asks: "Do customers get their money back?",
		Events: []saga.Kind{event.Issued, event.Failed},
		Do:     "A refund that failed is asked for again a day later. Ask the gateway why it refuses.",
	},
	{Asks: "Does the gateway refuse to give money back?",
		Events: []saga.Kind{event.Failed}, Among: []saga.Kind{event.Issued, event.Failed},
		Do: "Each is asked for again a day later; until then the customer waits. Ask the gateway why.",
		Alert: &model.Alert{Name: "RefundsFailing", Above: .1, Least: 5,
			Says: "more than a tenth of the refunds are refused by the gateway"}},
	{Asks: "Which customers are owed money that the gateway will not give back?",
		Events: []saga.Kind{event.Owed},
		Do: "GET /v1/refunds?status=owed lists them. Pay each of them by another way, and record that: " +
			"POST /v1/orders/{id}/refunds/{refund}/settlement.",
		Alert: &model.Alert{Name: "RefundsOwed",
			Says: "the gateway has refused a refund for good: a person has to see to it that the customer gets the money"}},
}
