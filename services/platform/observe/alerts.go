package observe

import (
	"fmt"
	"math"
	"time"

	"orderflow.example/schemas/metrics"
	"orderflow.example/services/platform/services"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga/metric"
	"orderflow.example/shared/saga/model"
)

// Alert is one alert. It has a runbook in deployments/runbooks that says what to look at and what to do.
type Alert struct {
	Name     string
	Severity string // page, at any hour, or ticket, for the day
	Expr     string
	For      time.Duration
	Says     string // the problem, in one sentence

	// Fires are series that make it fire, and Quiet others that do not; By are the labels of the firing alert.
	Fires, Quiet []Sample
	By           map[string]string
	After        time.Duration // it fires no later
	Over         time.Duration // the cause is over, and it has resolved; 0: long enough for all
}

// Sample is a series for promtool: its name with labels, and its values in promtool's notation, one a minute.
type Sample struct{ Series, Values string }

const (
	page   = "page"
	ticket = "ticket"
)

// The names of alerts that panels refer to.
const (
	sagasStuck         = "SagasStuck"
	conservationBroken = "ConservationBroken"
	ledgerBlind        = "LedgerBlind"
	outboxStalled      = "OutboxStalled"
	consumerLagging    = "ConsumerLagging"
	eventsParked       = "EventsParked"
	partitionsStopped  = "PartitionsStopped"
	alarmRaised        = "AlarmRaised"
	outsideFailing     = "OutsideFailing"
	ordersShed         = "OrdersShed"
	targetDown         = "TargetDown"
	budgetFast         = "AnswersLateFast"
	budgetSlow         = "AnswersLateSlow"
)

// The thresholds.
const (
	lagLimit    = time.Minute
	outboxLimit = time.Minute
	ledgerLimit = 10 * time.Minute
)

// countWindow is how long the events are counted that no share is taken of, as model.Alert says.
const countWindow = 30 * time.Minute

// Objective is the share of orders whose customers are to be answered within metrics.AnswerWithin seconds.
const Objective = 0.995

// Job is the name of Prometheus's scrape job.
const Job = "orderflow"

// Alerts returns all alerts: the general ones, and those that services declare.
func Alerts() []Alert {
	all := []Alert{
		{Name: sagasStuck, Severity: page, For: 2 * time.Minute, Expr: most(series(metrics.SagasStuck), "cause") + " > 0",
			Says:  "orders do not go on, by the cause {{ $labels.cause }}",
			By:    map[string]string{"cause": "outside_party"},
			Fires: []Sample{{series(metrics.SagasStuck, is("cause", "outside_party")), "0x3 2x10 0x30"}},
			Quiet: []Sample{{series(metrics.SagasStuck, is("cause", "outside_party")), "0x3 2 0x20"}}, After: 7 * time.Minute},
		{Name: conservationBroken, Severity: page, Expr: most(series(metrics.ConservationBreaks, not("kind", "parked")),
			"kind") + " > 0",
			Says:  "money or goods do not add up: the check {{ $labels.kind }}",
			By:    map[string]string{"kind": "agreement"},
			Fires: []Sample{{series(metrics.ConservationBreaks, is("kind", "agreement")), "0x3 1x10 0x30"}},
			Quiet: []Sample{{series(metrics.ConservationBreaks, is("kind", "parked")), "1x20"}}, After: 5 * time.Minute},
		{Name: ledgerBlind, Severity: ticket, For: time.Minute, Expr: above(grouped("min", series(metrics.ConservationAge), nil),
			ledgerLimit),
			Says:  "the ledger has not looked for long: nobody knows whether money and goods add up",
			Fires: []Sample{{series(metrics.ConservationAge), "0+60x14 0x30"}},
			Quiet: []Sample{{series(metrics.ConservationAge), "15x20"}}, After: 14 * time.Minute},
		{Name: outboxStalled, Severity: page, For: time.Minute, Expr: above(most(series(engine.OutboxOldest), "service"), outboxLimit),
			Says:  "what {{ $labels.service }} has decided does not reach its topic",
			By:    map[string]string{"service": "payment"},
			Fires: []Sample{{series(engine.OutboxOldest, is("service", "payment")), "0+30x10 0x30"}},
			Quiet: []Sample{{series(engine.OutboxOldest, is("service", "payment")), "0+30x2 0x18"}}, After: 6 * time.Minute},
		{Name: consumerLagging, Severity: page, For: time.Minute, Expr: above(most(series(engine.Lag), "service", "topic"), lagLimit),
			Says: "{{ $labels.service }} has not kept up with {{ $labels.topic }}",
			By:   map[string]string{"service": "payment", "topic": "order.events"},
			Fires: []Sample{{series(engine.Lag, is("service", "payment"), is("topic", "order.events")), "0+30x10 0x30"},
				{series(engine.Lag, is("service", "payment"), is("topic", "fraud.events")), "0x40"}},
			Quiet: []Sample{{series(engine.Lag, is("service", "payment"), is("topic", "order.events")), "0+30x2 0x18"}},
			After: 6 * time.Minute},
		{Name: eventsParked, Severity: ticket, For: time.Minute, Expr: sum(series(engine.ParkedKeys), "service") + " > 0",
			Says:  "{{ $labels.service }} has set something aside that it cannot process",
			By:    map[string]string{"service": "shipping"},
			Fires: []Sample{{series(engine.ParkedKeys, is("service", "shipping")), "0x2 1x10 0x30"}},
			Quiet: []Sample{{series(engine.ParkedKeys, is("service", "shipping")), "0x20"}}, After: 5 * time.Minute},
		{Name: partitionsStopped, Severity: page, For: time.Minute, Expr: sum(series(engine.PartitionsStopped), "service") + " > 0",
			Says:  "partitions of {{ $labels.service }} stand still: something of the installation is at fault",
			By:    map[string]string{"service": "order"},
			Fires: []Sample{{series(engine.PartitionsStopped, is("service", "order")), "0x2 4x10 0x30"}},
			Quiet: []Sample{{series(engine.PartitionsStopped, is("service", "order")), "0x2 4 0x20"}}, After: 5 * time.Minute},
		{Name: alarmRaised, Severity: ticket, Expr: sum(grown(engine.AlarmsTotal, "10m"), "service", "kind") + " > 0",
			Says:  "{{ $labels.service }} has noticed a violation: {{ $labels.kind }}",
			By:    map[string]string{"service": "order", "kind": "hole"},
			Fires: []Sample{{series(engine.AlarmsTotal, is("service", "order"), is("kind", "hole")), "0x3 1x40"}},
			Quiet: []Sample{{series(engine.AlarmsTotal, is("service", "order"), is("kind", "hole")), "7x30"}}, After: 5 * time.Minute},
		failingOutside(),
		{Name: ordersShed, Severity: ticket, For: 2 * time.Minute, Expr: sum(perSecond(metrics.OrdersShed, "5m")) + " > 0",
			Says:  "orders are refused because more come than can be carried out",
			Fires: []Sample{{series(metrics.OrdersShed, is("service", "storefront")), "0x2 0+10x10 100x30"}},
			Quiet: []Sample{{series(metrics.OrdersShed, is("service", "storefront")), "4x30"}}, After: 7 * time.Minute},
		{Name: targetDown, Severity: page, For: time.Minute, Expr: `up{job="` + Job + `"} == 0`,
			Says:  "{{ $labels.instance }} cannot be scraped: the process is away, or does not answer",
			By:    map[string]string{"job": Job, "instance": "127.0.0.1:8081"},
			Fires: []Sample{{`up{job="` + Job + `",instance="127.0.0.1:8081"}`, "1x2 0x10 1x30"}},
			Quiet: []Sample{{`up{job="` + Job + `",instance="127.0.0.1:8081"}`, "1x20"}}, After: 5 * time.Minute},
		late(budgetFast, page, 14.4, time.Hour, 5*time.Minute, 2*time.Minute),
		late(budgetSlow, ticket, 6, 6*time.Hour, 30*time.Minute, 15*time.Minute),
	}
	for _, app := range services.All {
		for _, w := range app.Model.Watched {
			if w.Alert != nil {
				all = append(all, declared(app.Name, w))
			}
		}
	}
	return all
}

func above(expr string, limit time.Duration) string {
	return fmt.Sprintf("%s > %v", expr, limit.Seconds())
}

// failingOutside: most tries of calls have no clear answer. With few tries it does not fire.
func failingOutside() Alert {
	tries := func(outcome, values string) Sample {
		return Sample{series(engine.CallsTotal, is("service", "payment"), is("call", "authorize"), is("outcome", outcome)), values}
	}
	by := []string{"service", "call"}
	return Alert{Name: outsideFailing, Severity: page, For: time.Minute,
		Expr: share(sum(perSecond(engine.CallsTotal, "5m", is("outcome", "unknown")), by...), sum(perSecond(engine.CallsTotal,
			"5m"), by...)) +
			" > 0.5 and " + sum(grown(engine.CallsTotal, "5m"), by...) + " > 10",
		Says:  "most of what {{ $labels.service }} asks ({{ $labels.call }}) gets no clear answer",
		By:    map[string]string{"service": "payment", "call": "authorize"},
		Fires: []Sample{tries("unknown", "0x2 0+20x10 200x30"), tries("answered", "0x2 0+5x40")},
		Quiet: []Sample{tries("unknown", "0x2 0+1x20"), tries("answered", "0x2 0+20x20")}, After: 8 * time.Minute}
}

// late is a burn-rate alert: orders answered late spend the month's budget so many times too fast, in both windows.
func late(name, severity string, burn float64, long, short, lasting time.Duration) Alert {
	begun := Sample{series(metrics.SagasBegun), "0+60x700"}
	answered := func(values string) []Sample {
		m := metrics.AnswerSeconds
		return []Sample{begun, {selector(m, m.Name+"_bucket", []match{is("status", "confirmed"), is("le",
			fmt.Sprint(metrics.AnswerWithin))}), values}}
	}
	bad := int((short + 3*lasting).Minutes()) // for so many minutes a third is late
	over := fmt.Sprint(" > ", burn, " * ", budget)
	return Alert{Name: name, Severity: severity, For: lasting, Expr: unanswered(long) + over + " and " + unanswered(short) + over,
		Says: fmt.Sprintf("so many customers wait more than %d s for an answer that the budget of a month burns %v times too fast",
			metrics.AnswerWithin, burn),
		Fires: answered(fmt.Sprintf("0+40x%d %d+60x600", bad, 40*bad)), Quiet: answered("0+59.9x600"), After: short + 2*lasting,
		Over: time.Duration(bad)*time.Minute + short + 5*time.Minute}
}

// budget is the share of orders that may be answered late.
var budget = fmt.Sprintf("(1 - %v)", Objective)

// unanswered is the share of the orders placed that were not answered in time, answered later or not yet.
func unanswered(d time.Duration) string {
	m := metrics.AnswerSeconds
	return "(1 - " + share(sum(buckets(m, over(d), upTo(m, metrics.AnswerWithin))), sum(perSecond(metrics.SagasBegun,
		over(d)))) + ")"
}

// declared returns the alert that a service declares about a share of its events, or about their number.
func declared(service string, w model.Watched) Alert {
	a := Alert{Name: w.Alert.Name, Severity: ticket, Says: w.Alert.Says, After: 8 * time.Minute}
	if w.Alert.Page {
		a.Severity = page
	}
	said := func(event, values string) Sample {
		return Sample{series(engine.PublishedTotal, is(metric.Service.Name, service), is(metric.Event.Name, event)), values}
	}
	if len(w.Among) == 0 {
		a.Expr = fmt.Sprintf("%s > %v", sum(grown(engine.PublishedTotal, over(countWindow), events(w.Events)...)), w.Alert.Above)
		a.Fires = []Sample{said(w.Events[0].Name(), fmt.Sprintf("7x2 %vx60", 7+2*(w.Alert.Above+1)))}
		a.Quiet = []Sample{said(w.Events[0].Name(), fmt.Sprintf("7x2 %vx60", 7+math.Floor(w.Alert.Above/2)))}
		return a
	}
	part := sum(perSecond(engine.PublishedTotal, "5m", events(w.Events)...))
	whole := sum(perSecond(engine.PublishedTotal, "5m", events(w.Among)...))
	least := sum(grown(engine.PublishedTotal, "5m", events(w.Among)...))
	a.For = time.Minute
	a.Expr = fmt.Sprintf("%s > %v and %s >= %d", share(part, whole), w.Alert.Above, least, w.Alert.Least)
	good := w.Among[0].Name()
	for _, kind := range w.Among {
		if kind.Name() != w.Events[0].Name() {
			good = kind.Name()
		}
	}
	a.Fires = []Sample{said(w.Events[0].Name(), "0x2 0+30x10 300x30"), said(good, "0x2 0+30x40")}
	a.Quiet = []Sample{said(w.Events[0].Name(), "0x2 0+1x20"), said(good, "0x2 0+99x20")}
	return a
}
