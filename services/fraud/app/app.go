// Package app wires the fraud service for its own command and the platform's.
package app

import (
	"context"
	"time"

	"orderflow.example/services/fraud"
	"orderflow.example/services/fraud/internal/api"
	"orderflow.example/services/fraud/internal/store"
	"orderflow.example/services/fraud/model"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/service"
)

// The flags of the rule on a customer's orders: above so many, within a time, the next goes to review.
var (
	velocity = service.Flag[int]{Name: "fraud-velocity",
		Usage: "orders of one customer, within --fraud-velocity-within, above which one goes to review; 0 counts none",
		Want:  "0 to 1000 orders", Valid: func(n int) bool { return n >= 0 && n <= 1000 }}
	within = service.Flag[time.Duration]{Name: "fraud-velocity-within", Usage: "the window of --fraud-velocity",
		Default: time.Hour,
		Want:    "1s to 720h", Valid: func(d time.Duration) bool { return d >= time.Second && d <= 30*24*time.Hour }}
)

// App is the fraud service, ready to run.
var App = service.App{
	Name:       "fraud",
	Model:      model.Service,
	Migrations: store.Migrations,
	Bindings:   bindings(fraud.Rules{}),
	Flags:      []service.Declared{velocity, within},
	Configured: func(c service.Config) []engine.Binding {
		return bindings(fraud.Rules{Velocity: fraud.Velocity{Orders: int64(velocity.Of(c)), Within: within.Of(c)}})
	},
	Operators: func(r *openapi.Routes, p *service.Parts) {
		api.Register(r, idempotency.New(idempotency.NewTable(p.DB), p.Log), reviews{p})
	},
	Watch: func(_ *openapi.Routes, p *service.Parts) service.Begin {
		return func(context.Context) (stop func(context.Context) error, err error) {
			return idempotency.StartExpiry(p.DB, p.Log), nil
		}
	},
}

func bindings(r fraud.Rules) []engine.Binding {
	return []engine.Binding{
		{Machine: r.Choreography().Machine(), Store: store.Cases()},
		{Machine: fraud.Customers.Machine(), Store: store.Customers()},
	}
}

// reviews are the open cases in the database, decided through the engine.
type reviews struct{ *service.Parts }

func (r reviews) Open(ctx context.Context, after string, limit int) ([]fraud.Case, error) {
	return store.Open(ctx, r.DB, after, limit)
}

func (r reviews) Of(ctx context.Context, order string) (fraud.Case, error) {
	return store.Of(ctx, r.DB, order)
}

func (r reviews) Decide(ctx context.Context, order string, d fraud.Decision) (fraud.Case, bool, error) {
	out, err := r.Engine.Submit(ctx, order, fraud.DecideReview.Of(d))
	if err != nil {
		return fraud.Case{}, false, err
	}
	return out.State.(fraud.Case), len(out.Emitted) > 0, nil
}
