// Package metrics declares the metrics of orders as a whole. Each service's metrics of its events, calls and requests are
// declared where they are measured: shared/engine, shared/httpserver. deployments/prometheus/metrics.md lists all.
package metrics

import (
	"slices"

	"orderflow.example/schemas/order"
	"orderflow.example/shared/saga/metric"
)

// Metrics of all orders, as the tracker sees them.
var (
	SagasBegun = metric.Metric{Name: "orderflow_sagas_begun_total", Kind: metric.Counter,
		Help: "Orders placed while this tracker watched."}
	SagasOpen = metric.Metric{Name: "orderflow_sagas_open", Kind: metric.Gauge,
		Help:   "Sagas that have not ended, by the status last told.",
		Labels: []metric.Label{metric.Of("status", "where an order stands that has not ended", statuses(false)...)}}
	SagasStuck = metric.Metric{Name: "orderflow_sagas_stuck", Kind: metric.Gauge,
		Help: "Sagas that do not go on, by the cause.",
		Labels: []metric.Label{metric.Of("cause", "why one does not go on",
			"consumer_behind", "never_produced", "outside_party", "parked", "publisher_behind")}}
	SagaSeconds = metric.Metric{Name: "orderflow_saga_seconds", Kind: metric.Histogram, Unit: metric.Seconds,
		Help:    "From an order being placed to its end, of the sagas that ended while this tracker watched.",
		Labels:  []metric.Label{metric.Of("outcome", "how an order ended", statuses(true)...)},
		Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 7.5, 10, 15, 20, 30, 60, 120, 300, 3600, 86400, 604800}}
	AnswerSeconds = metric.Metric{Name: "orderflow_answer_seconds", Kind: metric.Histogram, Unit: metric.Seconds,
		Help:    "From an order being placed to the first that the customer is told of it: confirmed, in review, or why not.",
		Labels:  []metric.Label{metric.Of("status", "what the customer is told first", order.Statuses()...)},
		Buckets: []float64{.025, .05, .1, .25, .5, 1, 2, 3, 4, AnswerWithin, 7.5, 10, 30, 60, 300, 1800, 86400}}
	Compensations = metric.Metric{Name: "orderflow_compensations_total", Kind: metric.Counter,
		Help:   "Sagas turned back while this tracker watched, by the reason of their cancellation.",
		Labels: []metric.Label{metric.Of("reason", "why an order is cancelled", order.Reasons()...)}}
	Money = metric.Metric{Name: "orderflow_money_minor_units_total", Kind: metric.Counter, Unit: metric.MinorUnits,
		Help: "Money that moved while this tracker watched, in minor units (pence, cents) of the currency.",
		Labels: []metric.Label{{Name: "movement", Is: "how money moves, as the models of the services say: captured, refunded, " +
			"charged_back and others"},
			{Name: "currency", Is: "a currency of ISO 4217"}}}
	Overdue = metric.Metric{Name: "orderflow_obligations_overdue", Kind: metric.Gauge,
		Help:   "What services owe sagas and is overdue, by the service that owes it.",
		Labels: []metric.Label{{Name: metric.Service.Name, Is: "the service that owes it"}}}
)

// AnswerWithin is the time in seconds within which a customer must get the first status: a bucket of AnswerSeconds ends
// there.
const AnswerWithin = 5

// Metrics of money and goods, as the ledger finds them.
var (
	ConservationBreaks = metric.Metric{Name: "orderflow_conservation_breaks", Kind: metric.Gauge,
		Help: "What does not hold between the services, by check.",
		Labels: []metric.Label{metric.Of("kind", "a check of `orderflow verify`", "agreement", "ends", "invoices", "journal", "mails",
			"messages", "money", "numbers", "parcels", "parked", "progress", "replay", "reservations", "sagas",
			"settled", "stock", "topics", "watermarks")}}
	ConservationAge = metric.Metric{Name: "orderflow_conservation_look_age_seconds", Kind: metric.Gauge, Unit: metric.Seconds,
		Help: "How long ago the ledger last looked at everything; before its first look, how long it has been trying."}
)

// Metrics of orders at the storefront's admission.
var (
	OrdersShed = metric.Metric{Name: "orderflow_orders_shed_total", Kind: metric.Counter, Labels: []metric.Label{metric.Service},
		Help: "Orders that were not taken because too many wait: 503 and Retry-After."}
	OrdersWaiting = metric.Metric{Name: "orderflow_orders_waiting", Kind: metric.Gauge, Labels: []metric.Label{metric.Service},
		Help: "Orders that wait for their confirmation, as far as it was looked while anybody orders."}
	OrdersWaitingLimit = metric.Metric{Name: "orderflow_orders_waiting_limit", Kind: metric.Gauge,
		Labels: []metric.Label{metric.Service},
		Help:   "How many may wait."}
)

// Webhooks counts what the payment gateway notifies of.
var Webhooks = metric.Metric{Name: "orderflow_webhooks_total", Kind: metric.Counter,
	Help: "Webhooks of the payment gateway, by what came of them.",
	Labels: []metric.Label{metric.Of("outcome", "what came of a webhook: recorded, or why nothing did", "recorded", "repeat",
		"id_reused",
		"refused", "noted", "settled", "other_amount", "other_currency", "other_reference", "unknown_order", "unknown_type")}}

// CarrierWebhooks counts what carriers notify of.
var CarrierWebhooks = metric.Metric{Name: "orderflow_carrier_webhooks_total", Kind: metric.Counter,
	Help: "Webhooks of carriers, by what came of them.",
	Labels: []metric.Label{metric.Of("outcome", "what came of a scan: recorded, or why nothing did", "recorded", "repeat",
		"id_reused", "refused", "noted", "early", "settled", "unknown_parcel", "unknown_type")}}

// Interactions counts what visitors look at.
var Interactions = metric.Metric{Name: "orderflow_interactions_total", Kind: metric.Counter,
	Help: "Interactions of visitors, by what became of them.",
	Labels: []metric.Label{metric.Of("outcome", "recorded; left out, as more came than are recorded; or lost", "recorded",
		"left_out", "lost")}}

// All lists the metrics of this package.
var All = []metric.Metric{SagasBegun, SagasOpen, SagasStuck, SagaSeconds, AnswerSeconds, Compensations, Money, Overdue,
	ConservationBreaks, ConservationAge, OrdersShed, OrdersWaiting, OrdersWaitingLimit, Webhooks, CarrierWebhooks,
	Interactions}

func statuses(final bool) []string {
	return slices.DeleteFunc(order.Statuses(), func(s string) bool { return order.Final(s) != final })
}
