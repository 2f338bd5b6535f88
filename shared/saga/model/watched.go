package model

import "orderflow.example/shared/saga"

// Money is a movement of money that an event of the service records.
type Money struct {
	Event    saga.Kind
	Movement string // "captured"; a label of a metric
	Of       func(payload any) (minorUnits int64, currency string)
}

// Watched is a question that operators ask of a service, answered by how often its events happen: a panel of the
// dashboard of decisions, and an alert where it is worth one.
type Watched struct {
	Asks   string      // the panel's title: "Does the gateway decline more than usual?"
	Events []saga.Kind // the service's own, a line each
	Among  []saga.Kind // the events that the share is of; empty where only the number matters
	Do     string      // what to do when it looks bad
	Alert  *Alert
}

// Alert defines when a person is needed.
type Alert struct {
	Name  string  // "PaymentsDeclined"; deployments/runbooks has a page of that name
	Above float64 // the share of Events among Among, or, without Among, how many of them within half an hour
	Least int     // the least number of Among within the window: a share of few events means little; with Among only
	Page  bool    // at any hour; otherwise it is a ticket for the day
	Says  string  // the problem, in a sentence
}
