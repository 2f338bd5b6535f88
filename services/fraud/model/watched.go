package model

import (
	event "orderflow.example/schemas/fraud"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/model"
)

// watched is what operators watch of its events.
var watched = []model.Watched{
	{Asks: "Are more orders refused as fraud than usual?",
		Events: []saga.Kind{event.Rejected}, Among: []saga.Kind{event.Cleared, event.Rejected},
		Do: "Look at some of them: one customer, one address, or a rule that is too strict? An attack is refused as it should be.",
		Alert: &model.Alert{Name: "FraudRejections", Above: .2, Least: 20,
			Says: "more than a fifth of the orders judged are refused as fraud"}},
	{Asks: "How many orders wait for a person?",
		Events: []saga.Kind{event.ReviewRequested},
		Do:     "GET /v1/reviews lists them. After seven days an order that nobody decided on is cancelled."},
}
