// Package app wires the notification service for its own command and the platform's.
package app

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	event "orderflow.example/schemas/notification"
	"orderflow.example/schemas/storefront"
	"orderflow.example/services/notification"
	"orderflow.example/services/notification/internal/api"
	"orderflow.example/services/notification/internal/store"
	"orderflow.example/services/notification/model"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/service"
)

// App is the notification service, ready to run.
var App = service.App{
	Name:       "notification",
	Model:      model.Service,
	Migrations: store.Migrations,
	Bindings:   bindings(nil),
	Configured: func(c service.Config) []engine.Binding { return bindings(channels(c)) },
	Flags: []service.Declared{smtpURL, smtpPasswordFile, smsURL, pushKeyFile, mailFrom, publicURL, templates, shopName,
		promotionRate},
	Recording: adapters,
	Storefront: func(to huma.API, p *service.Parts) {
		key, _ := vapid(p.Config) // it was checked; without one there is none
		api.RegisterCustomers(to, store.NewReader(p.DB), writer(p.Config), p.Auth, key.Public)
	},
	Operators: func(r *openapi.Routes, p *service.Parts) {
		api.RegisterOperators(r, store.NewReader(p.DB), idempotency.New(idempotency.NewTable(p.DB), p.Log), promotions{p})
	},
	Watch: func(_ *openapi.Routes, p *service.Parts) service.Begin {
		return func(ctx context.Context) (stop func(context.Context) error, err error) { return begin(ctx, p) }
	},
}

func bindings(c notification.Channels) []engine.Binding {
	return []engine.Binding{
		{Machine: c.Choreography().Machine(), Store: store.Orders()},
		{Machine: notification.Mailboxes.Machine(), Store: store.Mailboxes()},
		{Machine: notification.Customers.Machine(), Store: store.Customers()},
		{Machine: notification.Promotions.Machine(), Store: store.Promotions()},
		{Machine: notification.Inbox.Machine(), Store: store.Inbox()},
	}
}

// channels are those that a provider is configured for.
func channels(c service.Config) (all notification.Channels) {
	if smtpURL.Of(c) != "" {
		all = append(all, storefront.ChannelMail)
	}
	if smsURL.Of(c) != "" {
		all = append(all, storefront.ChannelSMS)
	}
	if pushKeyFile.Of(c) != "" {
		all = append(all, storefront.ChannelPush)
	}
	return all
}

// promotions are the rows in the database, changed through the engine.
type promotions struct{ *service.Parts }

func (p promotions) Audience(ctx context.Context) (int64, error) { return store.Audience(ctx, p.DB) }

func (p promotions) Publish(ctx context.Context, id string, e event.PromotionPublishedV1) error {
	_, err := p.Engine.Submit(ctx, id, notification.PublishPromotion.Of(e))
	return err
}
