// Package app wires the shipping service for its own command and the platform's.
package app

import (
	"orderflow.example/services/shipping"
	"orderflow.example/services/shipping/internal/carrier"
	"orderflow.example/services/shipping/internal/store"
	"orderflow.example/services/shipping/model"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/service"
)

var address = service.AdapterURL("carrier-url", "carrier")

// App is the shipping service, ready to run.
var App = service.App{
	Name:       "shipping",
	Model:      model.Service,
	Migrations: store.Migrations,
	Bindings:   []engine.Binding{{Machine: shipping.Choreography.Machine(), Store: store.Shipments()}},
	Flags:      []service.Declared{address},
	Answerers:  func(c service.Config) ([]engine.Answerer, error) { return carrier.New(address.Of(c)).Answerers(), nil },
}
