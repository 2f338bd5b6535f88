// Package app wires the shipping service for its own command and the platform's.
package app

import (
	"os"

	"github.com/danielgtaylor/huma/v2"

	"orderflow.example/schemas"
	"orderflow.example/services/shipping"
	"orderflow.example/services/shipping/internal/api"
	"orderflow.example/services/shipping/internal/carrier"
	"orderflow.example/services/shipping/internal/store"
	"orderflow.example/services/shipping/model"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/service"
)

var address = service.AdapterURL("carrier-url", "carrier")

// sender is what is printed on labels.
var sender = service.Flag[string]{Name: "sender",
	Usage: "JSON file of where parcels come from and returns go to: name, line1, city, postcode, country (default: an invented company)",
	Check: func(path string) error { _, err := senderIn(path); return err }}

// App is the shipping service, ready to run.
var App = service.App{
	Name:       "shipping",
	Model:      model.Service,
	Migrations: store.Migrations,
	Bindings:   []engine.Binding{{Machine: shipping.Choreography.Machine(), Store: store.Shipments()}},
	Flags:      []service.Declared{address, sender},
	Answerers:  func(c service.Config) ([]engine.Answerer, error) { return carrier.New(address.Of(c)).Answerers(), nil },
	Storefront: func(to huma.API, p *service.Parts) { api.Register(to, store.NewReader(p.DB), from(p.Config)) },
	Operators: func(to *openapi.Routes, p *service.Parts) {
		api.RegisterOperators(to, store.NewReader(p.DB), from(p.Config))
	},
}

// from panics where the file has changed for the worse since the flags were checked, a moment ago.
func from(c service.Config) schemas.Address {
	a, err := senderIn(sender.Of(c))
	if err != nil {
		panic(err)
	}
	return a
}

func senderIn(path string) (a schemas.Address, err error) {
	if path == "" {
		return shipping.StandardSender(), nil
	}
	file, err := os.Open(path)
	if err != nil {
		return a, err
	}
	defer file.Close()
	return shipping.ReadSender(file, path)
}
