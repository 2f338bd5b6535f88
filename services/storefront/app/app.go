// Package app wires the storefront for its own command and the platform's.
package app

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"orderflow.example/schemas"
	"orderflow.example/schemas/metrics"
	event "orderflow.example/schemas/storefront"
	"orderflow.example/services/storefront"
	"orderflow.example/services/storefront/internal/admission"
	"orderflow.example/services/storefront/internal/api"
	"orderflow.example/services/storefront/internal/interactions"
	"orderflow.example/services/storefront/internal/shop"
	"orderflow.example/services/storefront/internal/store"
	"orderflow.example/services/storefront/model"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/measure"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

var backlog = service.Flag[time.Duration]{Name: "backlog", Default: 10 * time.Second,
	Usage: "while the orders that wait for confirmation would take longer than this, new ones are answered 503; 0: never",
	Want:  "0, or 1s to 1h", Valid: func(d time.Duration) bool { return d == 0 || d >= time.Second && d <= time.Hour }}

var recorded = service.Flag[int]{Name: "interactions", Default: 100,
	Usage: "what visitors look at, recorded at most this often a second; of what comes faster a random sample; 0: none",
	Want:  "0 to 100000", Valid: func(n int) bool { return n >= 0 && n <= 100_000 }}

var backorder = service.Flag[time.Duration]{Name: "backorder-within", Default: 14 * 24 * time.Hour,
	Usage: "how long an order waits for goods that are missing and may be waited for; 0: it does not",
	Want:  "0, or 1m to 720h", Valid: func(d time.Duration) bool { return d == 0 || d >= time.Minute && d <= schemas.MaxBackorder }}

// App is the storefront, ready to run.
var App = service.App{
	Name:       "storefront",
	Model:      model.Service,
	Migrations: store.Migrations,
	Bindings: []engine.Binding{
		{Machine: storefront.Choreography.Machine(), Store: store.Orders()},
		{Machine: storefront.Products.Machine(), Store: store.Products()},
		{Machine: storefront.Visits.Machine(), Store: store.Visits()},
		{Machine: storefront.Customers.Machine(), Store: store.Preferences()},
	},
	Flags:      []service.Declared{backlog, backorder, recorded},
	Storefront: operations,
	Pages:      shop.Register,
	Operators: func(r *openapi.Routes, p *service.Parts) {
		reader := store.NewReader(p.DB)
		api.RegisterOperators(r, reader)
		api.RegisterCancellation(r, reader, submit(p), idempotency.New(idempotency.NewTable(p.DB), p.Log), p.Log)
	},
	Watch: func(_ *openapi.Routes, p *service.Parts) service.Begin {
		return func(context.Context) (stop func(context.Context) error, err error) {
			return idempotency.StartExpiry(p.DB, p.Log), nil
		}
	},
}

func operations(to huma.API, p *service.Parts) {
	reader := store.NewReader(p.DB)
	looks := measure.Counter(p.Registry, metrics.Interactions, measure.Labels{})
	for _, outcome := range []string{interactions.Recorded, interactions.LeftOut, interactions.Lost} {
		looks.WithLabelValues(outcome) // 0 until there are some
	}
	api.Register(to, api.Parts{
		Submit: submit(p),
		Reader: reader,
		Admit:  admission.New(p.Running, backlog.Of(p.Config), reader, p.Log, p.Registry).Admit,
		Keys:   idempotency.New(idempotency.NewTable(p.DB), p.Log),
		Log:    p.Log,

		BackorderWithin: backorder.Of(p.Config),
		Interact: interactions.New(p.Running, recorded.Of(p.Config), func(ctx context.Context, visitor string,
			e event.InteractionsRecordedV1) error {
			_, err := p.Engine.Submit(ctx, visitor, storefront.RecordInteractions.Of(e))
			return err
		}, func(outcome string, n int) { looks.WithLabelValues(outcome).Add(float64(n)) }, p.Log).Keep,
	})
	api.RegisterPreferences(to, customers{reader, p.Engine})
	api.RegisterUnsubscribe(to, customers{reader, p.Engine}, p.Auth)
}

func submit(p *service.Parts) api.Submit {
	return func(ctx context.Context, order string, command saga.Event) (storefront.Order, []saga.Event, error) {
		outcome, err := p.Engine.Submit(ctx, order, command)
		if err != nil {
			return storefront.Order{}, nil, err
		}
		return outcome.State.(storefront.Order), outcome.Emitted, nil
	}
}

// customers are the preferences of customers, as the API needs them.
type customers struct {
	*store.Reader
	engine *engine.Engine
}

func (c customers) Submit(ctx context.Context, customer string, command saga.Event) (storefront.Preferences, error) {
	outcome, err := c.engine.Submit(ctx, customer, command)
	if err != nil {
		return storefront.Preferences{}, err
	}
	return outcome.State.(storefront.Preferences), nil
}
