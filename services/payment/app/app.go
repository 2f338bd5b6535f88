// Package app wires the payment service for its own command and the platform's.
package app

import (
	"orderflow.example/services/payment"
	"orderflow.example/services/payment/internal/gateway"
	"orderflow.example/services/payment/internal/store"
	"orderflow.example/services/payment/model"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/service"
)

var address = service.AdapterURL("gateway-url", "payment gateway")

// App is the payment service, ready to run.
var App = service.App{
	Name:       "payment",
	Model:      model.Service,
	Migrations: store.Migrations,
	Bindings:   []engine.Binding{{Machine: payment.Choreography.Machine(), Store: store.Payments()}},
	Flags:      []service.Declared{address},
	Answerers:  func(c service.Config) []engine.Answerer { return gateway.New(address.Of(c)).Answerers() },
}
