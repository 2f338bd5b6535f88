package model

import (
	event "orderflow.example/schemas/reporting"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/model"
)

// watched is what operators watch of its events.
var watched = []model.Watched{
	{Asks: "Do the journal and the gateway's settlement agree?",
		Events: []saga.Kind{event.DiscrepancyFound, event.DiscrepancyResolved},
		Do: "GET /v1/reports/discrepancies names the orders and both amounts. Ask the gateway about them; once its file is right, " +
			"have it read again.",
	},
	{Asks: "Is each business day closed, and its settlement file read?",
		Events: []saga.Kind{event.DayClosed, event.SettlementRead, event.SettlementRefused},
		Do:     "Refused: GET /v1/reports/daily tells the line and what is wrong with it. The file is asked for again each hour."},
}
