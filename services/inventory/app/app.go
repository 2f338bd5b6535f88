// Package app wires the inventory service for its own command and the platform's.
package app

import (
	"context"

	"orderflow.example/services/inventory"
	"orderflow.example/services/inventory/internal/api"
	"orderflow.example/services/inventory/internal/store"
	"orderflow.example/services/inventory/model"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/service"
)

var stock = store.New()

// App is the inventory service, ready to run.
var App = service.App{
	Name:       "inventory",
	Model:      model.Service,
	Migrations: store.Migrations,
	Bindings:   []engine.Binding{{Machine: inventory.Choreography.Machine(), Store: stock}},
	Operators: func(r *openapi.Routes, p *service.Parts) {
		api.Register(r, func(ctx context.Context, sku string) (inventory.Levels, error) {
			return stock.Of(p.DB.WithContext(ctx), sku)
		})
	},
}
