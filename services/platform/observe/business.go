package observe

import (
	"orderflow.example/schemas/metrics"
	"orderflow.example/schemas/order"
	"orderflow.example/services/platform/services"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga/audit"
)

// business is the dashboard of money and goods. Later services declare what is watched of their events: see Decisions.
func business() Dashboard {
	return Dashboard{Name: "business", Title: "Orderflow: Business",
		About: "Money and goods: what comes in, what goes back, what is missing, and whether the books agree.",
		Rows: []Row{
			{Panels: []Panel{
				stat("How much was taken?", 6, amount, "Compare with the same hours of other days.",
					Query{most(grown(metrics.Money, "$__range", is("movement", "captured")), "currency") + " / 100", "{{currency}}"}),
				stat("How much was given back?", 6, amount, "Why orders are turned back is on Pipeline.",
					Query{most(grown(metrics.Money, "$__range", is("movement", "refunded")), "currency") + " / 100", "{{currency}}"}).
					mayBeEmpty("before the first refund there is no currency to tell it in"),
				stat("How many end well?", 6, percent, "Of those that end; the reasons for the others are on Pipeline.",
					Query{share(sum(count(metrics.SagaSeconds, window, is("outcome", order.StatusCompleted))),
						sum(count(metrics.SagaSeconds, window))), "completed"}).
					limit(.9, .75),
				stat("Do the books agree?", 6, number, "`orderflow verify` names the orders; GET /v1/conservation has both numbers.",
					Query{sum(most(series(metrics.ConservationBreaks), "kind")), "breaks"}).limit(1, 1).alerts(conservationBroken),
			}},
			{Panels: []Panel{
				lines("How much comes in, and goes back?", 12, perMinuteOf,
					"Refunds near what is taken: why are orders turned back, on Pipeline?",
					Query{perMinute(moneyPerSecond("")), "{{movement}} {{currency}}"}),
				areas("How do orders end?", 12, perMinuteOf, "Which of them grows; the reasons are on Pipeline.",
					Query{perMinute(most(count(metrics.SagaSeconds, window), "outcome")), "{{outcome}}"}),
			}},
			{Panels: []Panel{
				lines("What does the payment gateway notify of, and what comes of it?", 12, perMinuteOf,
					"Refused: its secret is not ours. Other amounts or references: the gateway and we disagree; compare with its book.",
					Query{perMinute(sum(perSecond(metrics.Webhooks, window), "outcome")), "{{outcome}}"}),
				lines("What do carriers notify of, and what comes of it?", 12, perMinuteOf,
					"Refused: its secret is not ours. Unknown parcels: another shop's, or labels that were bought and not recorded.",
					Query{perMinute(sum(perSecond(metrics.CarrierWebhooks, window), "outcome")), "{{outcome}}"}),
			}},
			{Panels: []Panel{
				lines("What do visitors look at, and is it recorded?", 24, perMinuteOf,
					"Much left out: recommendations follow from a sample. --interactions is how many are recorded in a second.",
					Query{perMinute(sum(perSecond(metrics.Interactions, window), "outcome")), "{{outcome}}"}),
			}},
			{Panels: []Panel{
				lines("How often are goods missing?", 8, perMinuteOf, "Which products: GET /v1/stock/{sku}; is replenishment on its way?",
					stockOuts()...).alerts("StockOuts"),
				lines("What does not add up, and of what?", 8, number,
					"GET /v1/conservation: the order, and both numbers. Stop what moves money until it is known.",
					Query{most(series(metrics.ConservationBreaks), "kind"), "{{kind}}"}).limit(1, 1).alerts(conservationBroken),
				lines("How long ago did the ledger look?", 8, seconds, "It says why it cannot: GET /v1/conservation, error.",
					Query{grouped("min", series(metrics.ConservationAge), nil), "age"}).limit(120, ledgerLimit.Seconds()).alerts(ledgerBlind),
			}},
		}}
}

// stockOuts are the orders refused by the service that keeps stock levels: the watched events that are a share of its answers.
func stockOuts() (queries []Query) {
	for _, app := range services.All {
		if app.Model.Role != audit.Reserves {
			continue
		}
		for _, w := range app.Model.Watched {
			if len(w.Among) > 0 {
				queries = append(queries, Query{perMinute(sum(perSecond(engine.PublishedTotal, window, events(w.Events)...), "event")),
					"{{event}}"})
			}
		}
	}
	return queries
}
