// Package app wires the payment service for its own command and the platform's.
package app

import (
	"context"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"orderflow.example/schemas/metrics"
	"orderflow.example/services/payment"
	"orderflow.example/services/payment/internal/gateway"
	"orderflow.example/services/payment/internal/gateway/stripe"
	"orderflow.example/services/payment/internal/store"
	notify "orderflow.example/services/payment/internal/webhook"
	"orderflow.example/services/payment/model"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver/webhook"
	"orderflow.example/shared/measure"
	"orderflow.example/shared/service"
)

// webhookSecretFile holds the secret of a gateway that has the simulator's contract.
var webhookSecretFile = service.SecretFile("gateway-webhook-secret-file",
	"secret that the payment gateway signs its webhooks with")

// App is the payment service, ready to run.
var App = service.App{
	Name:       "payment",
	Model:      model.Service,
	Migrations: store.Migrations,
	Bindings:   []engine.Binding{{Machine: payment.Choreography.Machine(), Store: store.Payments()}},
	Flags: []service.Declared{service.Gateway, service.GatewayURL, webhookSecretFile,
		service.StripeKeyFile, service.StripeURL, service.StripeWebhookSecretFile},
	Answerers: answerers,
	Webhooks:  &service.Webhooks{Of: service.OfGateway, Path: notify.Path, Secret: webhookSecret},
	Storefront: func(api huma.API, p *service.Parts) {
		counter := measure.Counter(p.Registry, metrics.Webhooks, measure.Labels{})
		notify.Register(api, notify.Parts{
			Reader: reader(p.Config),
			Record: record(p.Engine),
			Inbox:  webhook.Table{DB: p.DB, About: "order_id"},
			Count:  func(outcome string) { counter.WithLabelValues(outcome).Inc() },
			Log:    p.Log,
		})
	},
}

func answerers(c service.Config) ([]engine.Answerer, error) {
	if err := service.CheckStripeWebhookSecret(c); err != nil {
		return nil, err
	}
	if _, err := service.StripeKey(c); err != nil || !service.WithStripe(c) {
		return gateway.New(service.GatewayURL.Of(c)).Answerers(), err
	}
	client, err := toStripe(c)
	if err != nil {
		return nil, err
	}
	return client.Answerers(), nil
}

func toStripe(c service.Config) (*stripe.Client, error) {
	key, err := service.StripeKey(c)
	if err != nil {
		return nil, err
	}
	client, err := stripe.New(key, service.StripeURL.Of(c))
	if err != nil {
		return nil, service.Usage("%w", err)
	}
	return client, nil
}

// webhookSecret is the setting with the secret of the gateway that is configured.
func webhookSecret(c service.Config) service.Flag[string] {
	if service.WithStripe(c) {
		return service.StripeWebhookSecretFile
	}
	return webhookSecretFile
}

// reader reads the webhooks of the gateway. Secrets are read with the first: the API is described without any.
func reader(c service.Config) notify.Reader {
	secret := sync.OnceValues(func() ([]byte, error) { return c.SharedSecret(webhookSecret(c)) })
	if !service.WithStripe(c) {
		return gateway.Webhooks{Secret: secret}
	}
	return stripe.Webhooks{Secret: secret,
		Client: sync.OnceValues(func() (*stripe.Client, error) { return toStripe(c) })}
}

// record lets the machine decide. A notification of an unknown type, or about no order, reaches no partition.
func record(e *engine.Engine) webhook.Record[payment.Notification] {
	return func(ctx context.Context, n payment.Notification) (ignored string, err error) {
		if why := payment.Ignored(payment.Blank(n.Order), n); why == payment.IgnoredUnknownType || n.Order == "" {
			return why, nil
		}
		out, err := e.Submit(ctx, n.Order, payment.RecordNotification.Of(n))
		if err != nil || len(out.Emitted) > 0 {
			return "", err
		}
		return payment.Ignored(out.State.(payment.Payment), n), nil
	}
}
