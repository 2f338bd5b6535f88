// Package app wires the warehouse service for its own command and the platform's.
package app

import (
	"context"
	"strings"

	"orderflow.example/services/warehouse"
	"orderflow.example/services/warehouse/internal/api"
	"orderflow.example/services/warehouse/internal/floor"
	"orderflow.example/services/warehouse/internal/store"
	"orderflow.example/services/warehouse/model"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

var warehouses = service.Flag[string]{Name: "warehouses",
	Usage: "names of the warehouses, separated by commas: receipts in others are refused (default: any name is one)"}

// named are the names in a list.
func named(list string) (all api.Warehouses) {
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" {
			all = append(all, name)
		}
	}
	return all
}

var address = service.AdapterURL("floor-url", "warehouse floor")

// App is the warehouse service, ready to run.
var App = service.App{
	Name:       "warehouse",
	Model:      model.Service,
	Migrations: store.Migrations,
	Bindings: []engine.Binding{
		{Machine: warehouse.Picks.Machine(), Store: store.Picks()},
		{Machine: warehouse.Supplies.Machine(), Store: store.Supplies()},
	},
	Flags:     []service.Declared{address, warehouses},
	Answerers: func(c service.Config) ([]engine.Answerer, error) { return floor.New(address.Of(c)).Answerers(), nil },
	Operators: func(r *openapi.Routes, p *service.Parts) {
		keys := idempotency.New(idempotency.NewTable(p.DB), p.Log)
		submit := func(ctx context.Context, sku string, command saga.Event) ([]saga.Event, error) {
			out, err := p.Engine.Submit(ctx, sku, command)
			return out.Emitted, err
		}
		api.Register(r, keys, store.NewReader(p.DB), named(warehouses.Of(p.Config)), submit, p.Log)
	},
	Watch: func(_ *openapi.Routes, p *service.Parts) service.Begin {
		return func(context.Context) (stop func(context.Context) error, err error) {
			return idempotency.StartExpiry(p.DB, p.Log), nil
		}
	},
}
