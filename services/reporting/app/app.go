// Package app wires the reporting service for its own command and the platform's.
package app

import (
	"context"
	"time"
	_ "time/tzdata" // zones of machines without a database of them

	"orderflow.example/services/reporting"
	"orderflow.example/services/reporting/internal/api"
	"orderflow.example/services/reporting/internal/settlement"
	"orderflow.example/services/reporting/internal/store"
	"orderflow.example/services/reporting/model"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/service"
)

const defaultZone = "Europe/London"

var (
	zone = service.Flag[string]{Name: "business-zone", Default: defaultZone,
		Usage: "time zone of the business days that are reported; a day that is open keeps the one it began in",
		Want:  "a name of the IANA database, as Europe/London", Valid: func(s string) bool { return s == "" || location(s) != nil }}
)

// App is the reporting service, ready to run.
var App = service.App{
	Name:       "reporting",
	Model:      model.Service,
	Migrations: store.Migrations,
	Bindings:   bindings(defaultZone),
	Configured: func(c service.Config) []engine.Binding { return bindings(zone.Of(c)) },
	Flags:      []service.Declared{service.Gateway, service.GatewayURL, service.StripeURL, zone},
	Answerers: func(c service.Config) ([]engine.Answerer, error) {
		if service.WithStripe(c) && (service.StripeURL.Of(c) == service.StripeURL.Default || service.GatewayURL.Of(c) == "") {
			return settlement.Without(), nil // a file of the simulated gateway would have none of its movements
		}
		return settlement.New(service.GatewayURL.Of(c)).Answerers(), nil
	},
	Operators: func(r *openapi.Routes, p *service.Parts) { api.Register(r, books{p}) },
	Watch: func(_ *openapi.Routes, p *service.Parts) service.Begin {
		return func(context.Context) (stop func(context.Context) error, err error) { return startSearch(p), nil }
	},
}

func bindings(zone string) []engine.Binding {
	calendar := reporting.Calendar{Zone: location(zone)}
	if calendar.Zone == nil {
		calendar.Zone = location(defaultZone)
	}
	return []engine.Binding{
		{Machine: calendar.Choreography().Machine(), Store: store.Accounts()},
		{Machine: calendar.Days().Machine(), Store: store.Days()},
		{Machine: reporting.Settlements.Machine(), Store: store.Settlements()},
	}
}

// location finds a zone by its name; nil if there is none. The zone of the machine has no name that others know.
func location(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil
	}
	return l
}
