// Package app wires the inventory service for its own command and the platform's.
package app

import (
	"context"

	"orderflow.example/services/inventory"
	"orderflow.example/services/inventory/internal/api"
	"orderflow.example/services/inventory/internal/store"
	"orderflow.example/services/inventory/model"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/saga"
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
		keys := idempotency.New(idempotency.NewTable(p.DB), p.Log)
		api.Register(r, keys, store.NewReader(stock, p.DB), func(ctx context.Context, sku string, command saga.Event) (
			inventory.State, []saga.Event, error) {
			out, err := p.Engine.Submit(ctx, sku, command)
			after, _ := out.State.(inventory.State)
			return after, out.Emitted, err
		})
	},
	Watch: func(_ *openapi.Routes, p *service.Parts) service.Begin {
		return func(context.Context) (stop func(context.Context) error, err error) {
			return idempotency.StartExpiry(p.DB, p.Log), nil
		}
	},
}
