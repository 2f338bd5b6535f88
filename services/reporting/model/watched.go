package model

import (
	event "orderflow.example/schemas/reporting"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/model"
)

// watched is what operators watch of its events.
var watched = []model.Watched{
	{Asks: "Does the gateway account for other amounts than the journal?",
		Events: []saga.Kind{event.DiscrepancyFound},
		Do: "GET /v1/reports/discrepancies names the orders and both amounts. Ask the gateway about them; once its file is right, " +
			"have it read again.",
		Alert: &model.Alert{Name: "DiscrepanciesFound",
			Says: "the gateway's settlement files account for other amounts than the journal"}},
	{Asks: "Are differences between the journal and the settlement resolved?",
		Events: []saga.Kind{event.DiscrepancyFound, event.DiscrepancyResolved},
		Do:     "Found and not resolved: GET /v1/reports/discrepancies lists them.",
	},
	{Asks: "Can settlement files not be read?",
		Events: []saga.Kind{event.SettlementRefused},
		Do:     "GET /v1/reports/daily tells the line and what is wrong with it. The file is asked for again each hour.",
		Alert: &model.Alert{Name: "SettlementsRefused",
			Says: "a settlement file of the gateway is cut short or damaged, and nothing was taken from it"}},
	{Asks: "Is each business day closed, and its settlement file read?",
		Events: []saga.Kind{event.DayClosed, event.SettlementRead},
		Do:     "A day without a file: GET /v1/reports/daily tells whether it was asked for, and why it was refused.",
	},
}
