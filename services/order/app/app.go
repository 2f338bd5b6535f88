// Package app wires the order service for its own command and the platform's.
package app

import (
	"orderflow.example/services/order"
	"orderflow.example/services/order/internal/store"
	"orderflow.example/services/order/model"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/service"
)

// App is the order service, ready to run.
var App = service.App{
	Name:       "order",
	Model:      model.Service,
	Migrations: store.Migrations,
	Bindings:   []engine.Binding{{Machine: order.Choreography.Machine(), Store: store.Orders()}},
}
