package observe

import (
	"fmt"

	"orderflow.example/schemas/metrics"
	"orderflow.example/schemas/order"
	"orderflow.example/shared/engine"
)

// pipeline is the overview dashboard.
func pipeline() Dashboard {
	return Dashboard{Name: "pipeline", Title: "Orderflow: Pipeline",
		About: "Orders from the click to the doorstep: how many, how fast, where they stand, what goes wrong.",
		Rows: []Row{
			{Panels: []Panel{
				stat("How many orders come in?", 4, perMinuteOf, "None at a busy hour: is the storefront reached? See the dashboard Service.",
					Query{perMinute(most(perSecond(metrics.SagasBegun, window))), "orders"}),
				stat("How many are under way?", 4, number, "It grows without more orders coming in: which status grows, below?",
					Query{sum(most(series(metrics.SagasOpen), "status")), "open"}),
				stat("Is any of them stuck?", 4, number,
					"GET /v1/sagas?stuck=true lists them with the cause; the runbook says what to do about each.",
					Query{sum(most(series(metrics.SagasStuck), "cause")), "stuck"}).limit(1, 10).alerts(sagasStuck),
				stat(fmt.Sprintf("Answered within %d s?", metrics.AnswerWithin), 4, percent,
					"Which step is slow: the dashboard Delivery has the lag of each service, Service how long it takes.",
					Query{answeredInTime(window), "in time"}).limit(Objective, 0.97).alerts(budgetFast),
				stat("What money comes in?", 4, perMinuteOf, "Nothing while parcels are packed: see the captures on Decisions.",
					Query{perMinute(moneyPerSecond("captured")), "{{currency}}"}),
				stat("Do the books agree?", 4, number, "`orderflow verify` names the orders; GET /v1/conservation has both numbers.",
					Query{sum(most(series(metrics.ConservationBreaks), "kind")), "breaks"}).limit(1, 1).alerts(conservationBroken),
			}},
			{Panels: []Panel{
				lines("How many orders come in, are confirmed, and end?", 12, perMinuteOf,
					"In and confirmed drift apart: orders are refused (right below), or a step stands still (Delivery).",
					Query{perMinute(most(perSecond(metrics.SagasBegun, window))), "in"},
					Query{perMinute(most(count(metrics.AnswerSeconds, window, is("status", order.StatusConfirmed)))), "confirmed"},
					Query{perMinute(most(count(metrics.SagaSeconds, window), "outcome")), "{{outcome}}"}),
				areas("Where do the orders stand that have not ended?", 12, number,
					"The status that grows names the step: placed waits for goods, trust and money, confirmed for the carrier,"+
						" preparing for the warehouse.",
					Query{most(series(metrics.SagasOpen), "status"), "{{status}}"}),
			}},
			{Panels: []Panel{
				lines("How soon is a customer answered?", 8, seconds, "Which service lags (Delivery), or is asked and slow (Service)?",
					Query{quantile(.5, metrics.AnswerSeconds, window, nil), "half"},
					Query{quantile(.95, metrics.AnswerSeconds, window, nil), "95%"},
					Query{quantile(.99, metrics.AnswerSeconds, window, nil), "99%"}).
					limit(metrics.AnswerWithin, 2*metrics.AnswerWithin).alerts(budgetFast),
				lines("How long from the click to the end?", 8, seconds,
					"Mostly the world outside: packing and delivery. Compare the calls on Service; cancelled ones end soon.",
					Query{quantile(.5, metrics.SagaSeconds, window, nil), "half"},
					Query{quantile(.95, metrics.SagaSeconds, window, nil), "95%"},
					Query{quantile(.99, metrics.SagaSeconds, window, nil), "99%"}).logarithmic(),
				areas("Why are orders turned back?", 8, perMinuteOf,
					"The reason names the service: see its panels on Decisions, and the alert's runbook.",
					Query{perMinute(most(perSecond(metrics.Compensations, window), "reason")), "{{reason}}"}),
			}},
			{Panels: []Panel{
				areas("How much does each step do?", 12, perSecondOf, "A step at nothing while those before it work: its lag is on Delivery.",
					Query{sum(perSecond(engine.EventsTotal, window, is("outcome", "done")), "service"), "{{service}}"}),
				lines("How much money moves?", 12, perMinuteOf, "Refunds near what is taken: see why orders are turned back, above.",
					Query{perMinute(moneyPerSecond("")), "{{movement}} {{currency}}"}),
			}},
		}}
}

// moneyPerSecond is in major units of the currency, of a hundred minor ones.
func moneyPerSecond(movement string) string {
	if movement == "" {
		return most(perSecond(metrics.Money, window), "movement", "currency") + " / 100"
	}
	return most(perSecond(metrics.Money, window, is("movement", movement)), "currency") + " / 100"
}

// answeredInTime is the share of the answered customers who were answered in time.
func answeredInTime(window string) string {
	return share(sum(buckets(metrics.AnswerSeconds, window, upTo(metrics.AnswerSeconds, metrics.AnswerWithin))),
		sum(count(metrics.AnswerSeconds, window)))
}
