// Package app wires the shipping service for its own command and the platform's.
package app

import (
	"context"
	"os"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"orderflow.example/schemas"
	"orderflow.example/schemas/metrics"
	"orderflow.example/services/shipping"
	"orderflow.example/services/shipping/internal/api"
	"orderflow.example/services/shipping/internal/carrier"
	"orderflow.example/services/shipping/internal/store"
	notify "orderflow.example/services/shipping/internal/webhook"
	"orderflow.example/services/shipping/model"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/httpserver/webhook"
	"orderflow.example/shared/measure"
	"orderflow.example/shared/service"
)

var address = service.AdapterURL("carrier-url", "carrier")

// webhookSecretFile holds the secret that the carriers' broker signs with.
var webhookSecretFile = service.SecretFile("carrier-webhook-secret-file", "secret that the carriers sign their webhooks with")

// sender is what is printed on labels.
var sender = service.Flag[string]{Name: "sender",
	Usage: "JSON file of where parcels come from and returns go to: name, line1, city, postcode, country " +
		"(default: an invented company)",
	Check: func(path string) error { _, err := senderIn(path); return err }}

// App is the shipping service, ready to run.
var App = service.App{
	Name:       "shipping",
	Model:      model.Service,
	Migrations: store.Migrations,
	Bindings:   []engine.Binding{{Machine: shipping.Choreography.Machine(), Store: store.Shipments()}},
	Flags:      []service.Declared{address, sender, webhookSecretFile},
	Answerers:  func(c service.Config) ([]engine.Answerer, error) { return carrier.New(address.Of(c)).Answerers(), nil },
	Webhooks: &service.Webhooks{Of: service.OfCarriers, Path: notify.Path,
		Secret: func(service.Config) service.Flag[string] { return webhookSecretFile }},
	Storefront: func(to huma.API, p *service.Parts) {
		api.Register(to, store.NewReader(p.DB), from(p.Config))
		counter := measure.Counter(p.Registry, metrics.CarrierWebhooks, measure.Labels{})
		notify.Register(to, notify.Parts{
			Reader: notify.Scans{Secret: sync.OnceValues(func() ([]byte, error) { return p.Config.SharedSecret(webhookSecretFile) })},
			Record: record(p.Engine),
			Inbox:  webhook.Table{DB: p.DB, About: "order_id"},
			Count:  func(outcome string) { counter.WithLabelValues(outcome).Inc() },
			Log:    p.Log,
		})
	},
	Operators: func(to *openapi.Routes, p *service.Parts) {
		api.RegisterOperators(to, store.NewReader(p.DB), from(p.Config))
	},
}

// record lets the machine decide. A scan of an unknown type, or of no order's parcel, reaches no partition.
func record(e *engine.Engine) webhook.Record[shipping.Scan] {
	return func(ctx context.Context, n shipping.Scan) (ignored string, err error) {
		if why := shipping.Ignored(shipping.Blank(n.Order), n); why == shipping.IgnoredUnknownType || n.Order == "" {
			return why, nil
		}
		out, err := e.Submit(ctx, n.Order, shipping.RecordScan.Of(n))
		if err != nil || len(out.Emitted) > 0 {
			return "", err
		}
		return shipping.Ignored(out.State.(shipping.Shipment), n), nil
	}
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
