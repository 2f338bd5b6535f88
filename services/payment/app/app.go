// Package app wires the payment service for its own command and the platform's.
package app

import (
	"orderflow.example/services/payment"
	"orderflow.example/services/payment/internal/gateway"
	"orderflow.example/services/payment/internal/gateway/stripe"
	"orderflow.example/services/payment/internal/store"
	"orderflow.example/services/payment/model"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/service"
)

// App is the payment service, ready to run.
var App = service.App{
	Name:       "payment",
	Model:      model.Service,
	Migrations: store.Migrations,
	Bindings:   []engine.Binding{{Machine: payment.Choreography.Machine(), Store: store.Payments()}},
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
