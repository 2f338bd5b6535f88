// Package app wires the refund service for its own command and the platform's.
package app

import (
	"orderflow.example/services/refund"
	"orderflow.example/services/refund/internal/gateway"
	"orderflow.example/services/refund/internal/gateway/stripe"
	"orderflow.example/services/refund/internal/store"
	"orderflow.example/services/refund/model"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/service"
)

// App is the refund service, ready to run.
var App = service.App{
	Name:       "refund",
	Model:      model.Service,
	Migrations: store.Migrations,
	Bindings:   []engine.Binding{{Machine: refund.Choreography.Machine(), Store: store.Refunds()}},
	Flags:      []service.Declared{service.Gateway, service.GatewayURL, service.StripeKeyFile, service.StripeURL},
	Answerers:  answerers,
}

func answerers(c service.Config) ([]engine.Answerer, error) {
	key, err := service.StripeKey(c)
	switch {
	case err != nil:
		return nil, err
	case !service.WithStripe(c):
		return gateway.New(service.GatewayURL.Of(c)).Answerers(), nil
	}
	client, err := stripe.New(key, service.StripeURL.Of(c))
	if err != nil {
		return nil, service.Usage("%w", err)
	}
	return client.Answerers(), nil
}
