package model

import (
	event "orderflow.example/schemas/payment"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/model"
)

// watched is what operators watch of its events.
var watched = []model.Watched{
	{Asks: "Does the gateway decline more than usual?",
		Events: []saga.Kind{event.Declined}, Among: []saga.Kind{event.Authorized, event.Declined},
		Do: "One bank or all? Ask the gateway. Customers are told that their payment was declined, and may order again.",
		Alert: &model.Alert{Name: "PaymentsDeclined", Above: .25, Least: 20, Page: true,
			Says: "more than a quarter of the authorisations are declined"}},
	{Asks: "Is the money taken when the parcel is packed?",
		Events: []saga.Kind{event.CaptureFailed}, Among: []saga.Kind{event.Captured, event.CaptureFailed},
		Do: "Authorisations that expired, or a gateway that has changed its mind: the orders are cancelled and the goods go back.",
		Alert: &model.Alert{Name: "CapturesFailing", Above: .1, Least: 10, Page: true,
			Says: "more than a tenth of the captures fail: parcels are packed and not paid for"}},
	{Asks: "Do customers dispute their payments?",
		Events: []saga.Kind{event.ChargedBack, event.ChargebackReversed, event.DisputeLost, event.RefundReversed},
		Do: "A gateway closes the account of a shop with too many. By the reasons: fraud is for the rules of the fraud service, " +
			"goods " +
			"that did not arrive for the carrier."},
	{Asks: "Are there payments of which nobody knows?",
		Events: []saga.Kind{event.OutcomeUnknown},
		Do:     "The gateway did not answer within two minutes. The orders are cancelled and the attempts voided: see OutsideFailing."},
}
