// Package app wires the invoice service for its own command and the platform's.
package app

import (
	"orderflow.example/services/invoice"
	"orderflow.example/services/invoice/internal/store"
	"orderflow.example/services/invoice/model"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/service"
)

// App is the invoice service, ready to run.
var App = service.App{
	Name:       "invoice",
	Model:      model.Service,
	Migrations: store.Migrations,
	Bindings:   bindings(invoice.Standard()),
}

func bindings(t invoice.Terms) []engine.Binding {
	return []engine.Binding{
		{Machine: t.Choreography().Machine(), Store: store.Invoices()},
		{Machine: invoice.Products.Machine(), Store: store.Products()},
	}
}
