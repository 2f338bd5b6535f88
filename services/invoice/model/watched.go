package model

import (
	event "orderflow.example/schemas/invoice"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/model"
)

// watched is what operators watch of its events.
var watched = []model.Watched{
	{Asks: "Are invoices and credit notes issued?",
		Events: []saga.Kind{event.Issued, event.CreditNoteIssued},
		Do:     "Invoices follow captures, and credit notes refunds. None while money is captured: is the service behind?",
	},
	{Asks: "Are invoices withheld because they do not fit?",
		Events: []saga.Kind{event.Withheld}, Among: []saga.Kind{event.Issued, event.CreditNoteIssued, event.Withheld},
		Do: "The event names what was captured or refunded, and why that does not fit the order. Compare with the gateway's book.",
		Alert: &model.Alert{Name: "InvoicesWithheld", Above: .01, Least: 1,
			Says: "more than a hundredth of the captures and refunds have no invoice or credit note, " +
				"because they do not fit their orders"}},
}
