// Package app wires the payment service for its own command and the platform's.
package app

import (
	"context"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"orderflow.example/schemas/metrics"
	"orderflow.example/services/payment"
	"orderflow.example/services/payment/internal/gateway"
	"orderflow.example/services/payment/internal/store"
	"orderflow.example/services/payment/internal/webhook"
	"orderflow.example/services/payment/model"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/measure"
	"orderflow.example/shared/service"
)

var address = service.AdapterURL("gateway-url", "payment gateway")

// WebhookSecretFile is the flag for the file with the secret that the gateway signs its webhooks with.
var WebhookSecretFile = service.SecretFile("gateway-webhook-secret-file", "secret that the payment gateway signs its webhooks with")

// WebhookPath is where the gateway sends its webhooks, on the customers' listener.
const WebhookPath = webhook.Path

// App is the payment service, ready to run.
var App = service.App{
	Name:       "payment",
	Model:      model.Service,
	Migrations: store.Migrations,
	Bindings:   []engine.Binding{{Machine: payment.Choreography.Machine(), Store: store.Payments()}},
	Flags:      []service.Declared{address, WebhookSecretFile},
	Answerers:  func(c service.Config) []engine.Answerer { return gateway.New(address.Of(c)).Answerers() },
	Storefront: func(api huma.API, p *service.Parts) {
		secret := sync.OnceValues(func() ([]byte, error) { return p.Config.SharedSecret(WebhookSecretFile) })
		counter := measure.Counter(p.Registry, metrics.Webhooks, measure.Labels{})
		webhook.Register(api, webhook.Parts{
			Reader: gateway.Webhooks{Secret: secret},
			Record: record(p.Engine),
			Inbox:  webhook.Table{DB: p.DB},
			Count:  func(outcome string) { counter.WithLabelValues(outcome).Inc() },
			Log:    p.Log,
		})
	},
}

// record lets the machine decide. A notification of an unknown type, or about no order, reaches no partition.
func record(e *engine.Engine) webhook.Record {
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
