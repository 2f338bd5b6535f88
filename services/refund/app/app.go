// Package app wires the refund service for its own command and the platform's.
package app

import (
	"context"

	"orderflow.example/services/refund"
	"orderflow.example/services/refund/internal/api"
	"orderflow.example/services/refund/internal/gateway"
	"orderflow.example/services/refund/internal/gateway/stripe"
	"orderflow.example/services/refund/internal/store"
	"orderflow.example/services/refund/model"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/openapi"
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
	Operators: func(r *openapi.Routes, p *service.Parts) {
		api.Register(r, idempotency.New(idempotency.NewTable(p.DB), p.Log), refunds{p})
	},
	Watch: func(_ *openapi.Routes, p *service.Parts) service.Begin {
		return func(context.Context) (stop func(context.Context) error, err error) {
			return idempotency.StartExpiry(p.DB, p.Log), nil
		}
	},
}

// refunds are the rows in the database, changed through the engine.
type refunds struct{ *service.Parts }

func (r refunds) Of(ctx context.Context, order string) (refund.Refund, error) {
	return store.Of(ctx, r.DB, order)
}

func (r refunds) With(ctx context.Context, status refund.Status, after string, limit int) ([]refund.Refund, error) {
	return store.With(ctx, r.DB, status, after, limit)
}

func (r refunds) Grant(ctx context.Context, order string, g refund.Grant) (refund.Refund, error) {
	out, err := r.Engine.Submit(ctx, order, refund.GrantRefund.Of(g))
	if err != nil {
		return refund.Refund{}, err
	}
	return out.State.(refund.Refund), nil
}

func (r refunds) Settle(ctx context.Context, order string, s refund.Settlement) (refund.Refund, error) {
	out, err := r.Engine.Submit(ctx, order, refund.SettleRefund.Of(s))
	if err != nil {
		return refund.Refund{}, err
	}
	return out.State.(refund.Refund), nil
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
