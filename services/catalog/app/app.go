// Package app wires the catalogue for its own command and the platform's.
package app

import (
	"context"

	"orderflow.example/services/catalog"
	"orderflow.example/services/catalog/internal/api"
	"orderflow.example/services/catalog/internal/store"
	"orderflow.example/services/catalog/model"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

// App is the catalogue, ready to run.
var App = service.App{
	Name:       "catalog",
	Model:      model.Service,
	Migrations: store.Migrations,
	Bindings:   []engine.Binding{{Machine: catalog.Choreography.Machine(), Store: store.Products()}},
	Operators: func(r *openapi.Routes, p *service.Parts) {
		api.Register(r, products{p})
	},
}

// products submits commands to the engine and reads the table.
type products struct{ parts *service.Parts }

func (p products) Submit(ctx context.Context, sku string, command saga.Event) ([]saga.Event, error) {
	out, err := p.parts.Engine.Submit(ctx, sku, command)
	return out.Emitted, err
}

func (p products) Product(ctx context.Context, sku string) (catalog.Product, error) {
	return store.Product(p.parts.DB.WithContext(ctx), sku)
}
