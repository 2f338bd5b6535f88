package model

import "orderflow.example/shared/saga"

// Money is a movement of money that an event of the service stands for.
type Money struct {
	Event    saga.Kind
	Movement string // "captured"; a label of a metric
	Of       func(payload any) (minorUnits int64, currency string)
}

// Watched is a question that operators ask of a service, answered by how often its events happen: a panel of the dashboard of
// decisions, and where it is worth one an alert.
type Watched struct {
	Asks   string      // the panel's title: "Does the gateway decline more than usual?"
	Events []saga.Kind // the service's own, a line each
	Among  []saga.Kind // of how many; empty where only their number matters
	Do     string      // what to do when it looks bad
	Alert  *Alert
}

// Alert says when what is watched calls for a person.
type Alert struct {
	Name  string  // "PaymentsDeclined"; deployments/runbooks has a page of that name
	Above float64 // the share of Events among Among, or, without Among, events a minute
	Least int     // so many of Among within the window at least: of few a share says little
	Page  bool    // at any hour; otherwise it is a ticket for the day
	Says  string  // in a sentence, what is the matter
}
