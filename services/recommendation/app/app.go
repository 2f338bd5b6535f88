// Package app wires the recommendation service for its own command and the platform's.
package app

import (
	"github.com/danielgtaylor/huma/v2"

	"orderflow.example/services/recommendation"
	"orderflow.example/services/recommendation/internal/api"
	"orderflow.example/services/recommendation/internal/store"
	"orderflow.example/services/recommendation/model"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/service"
)

// App is the recommendation service, ready to run. Each that runs has bindings of its own, whose store keeps the model in memory.
var App = service.App{
	Name:       "recommendation",
	Model:      model.Service,
	Migrations: store.Migrations,
	Bindings:   bindings(),
	Configured: func(service.Config) []engine.Binding { return bindings() },
	Storefront: func(to huma.API, p *service.Parts) { api.Register(to, store.NewReader(p.DB)) },
}

func bindings() []engine.Binding {
	return []engine.Binding{
		{Machine: recommendation.Choreography.Machine(), Store: store.Orders()},
		{Machine: recommendation.Learning.Machine(), Store: store.NewModel()},
		{Machine: recommendation.Products.Machine(), Store: store.Products()},
		{Machine: recommendation.Visitors.Machine(), Store: store.Visitors()},
	}
}
