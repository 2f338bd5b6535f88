// Package app wires the refund service for its own command and the platform's.
package app

import (
	"orderflow.example/services/refund"
	"orderflow.example/services/refund/internal/gateway"
	"orderflow.example/services/refund/internal/store"
	"orderflow.example/services/refund/model"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/service"
)

var address = service.AdapterURL("gateway-url", "payment gateway")

// App is the refund service, ready to run.
var App = service.App{
	Name:       "refund",
	Model:      model.Service,
	Migrations: store.Migrations,
	Bindings:   []engine.Binding{{Machine: refund.Choreography.Machine(), Store: store.Refunds()}},
	Flags:      []service.Declared{address},
	Answerers:  func(c service.Config) []engine.Answerer { return gateway.New(address.Of(c)).Answerers() },
}
