// Package app wires the fraud service for its own command and the platform's.
package app

import (
	"context"
	"fmt"
	"time"

	"orderflow.example/services/fraud"
	"orderflow.example/services/fraud/internal/api"
	"orderflow.example/services/fraud/internal/gateway"
	"orderflow.example/services/fraud/internal/gateway/stripe"
	"orderflow.example/services/fraud/internal/rules"
	"orderflow.example/services/fraud/internal/store"
	"orderflow.example/services/fraud/model"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/service"
)

var (
	// A rule on a customer's orders, for those who need no other.
	velocity = service.Flag[int]{Name: "fraud-velocity",
		Usage: "orders of one customer, within --fraud-velocity-within, above which one goes to review, without --fraud-rules; 0: any",
		Want:  "0 to 999 orders", Valid: func(n int) bool { return n >= 0 && n < fraud.MostOrders }}
	within = service.Flag[time.Duration]{Name: "fraud-velocity-within", Usage: "the window of --fraud-velocity",
		Default: time.Hour,
		Want:    "1s to 720h", Valid: func(d time.Duration) bool { return d >= time.Second && d <= 30*24*time.Hour }}

	rulesFile = service.Flag[string]{Name: "fraud-rules", Usage: "file with the rules by which orders are judged; read again " +
		"when it changes (default: those of the program)"}
)

// App is the fraud service, ready to run.
var App = service.App{
	Name:       "fraud",
	Model:      model.Service,
	Migrations: store.Migrations,
	Bindings:   bindings(rules.Default),
	Flags: []service.Declared{service.Gateway, service.GatewayURL, service.StripeKeyFile, service.StripeURL, rulesFile, velocity,
		within},
	Configured: func(c service.Config) []engine.Binding {
		_, own := ownRules(c)
		return bindings(own)
	},
	Answerers: answerers,
	Shadow:    newShadow,
	Operators: func(r *openapi.Routes, p *service.Parts) {
		keys := idempotency.New(idempotency.NewTable(p.DB), p.Log)
		api.Register(r, keys, reviews{p})
		api.RegisterRules(r, ruleSet{p}.live)
	},
	Watch: func(_ *openapi.Routes, p *service.Parts) service.Begin {
		return func(ctx context.Context) (stop func(context.Context) error, err error) {
			following, err := follow(rulesFile.Of(p.Config), ruleSet{p})
			if err != nil {
				return nil, err
			}
			expiring := idempotency.StartExpiry(p.DB, p.Log)
			return func(ctx context.Context) error {
				following()
				return expiring(ctx)
			}, nil
		}
	},
}

// answerers refuses a faulty file of rules too, before anything is started.
func answerers(c service.Config) ([]engine.Answerer, error) {
	if path := rulesFile.Of(c); path != "" {
		if _, _, err := load(path); err != nil {
			return nil, service.Usage("%w", err)
		}
	}
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

// bindings are the service's machines, which decide by these rules until others are activated.
func bindings(own *fraud.Rules) []engine.Binding {
	return []engine.Binding{
		{Machine: fraud.Choreography(own, rules.Cached).Machine(), Store: store.Cases()},
		{Machine: fraud.Subjects.Machine(), Store: store.Subjects()},
		{Machine: fraud.RuleSets.Machine(), Store: store.RuleSets()},
	}
}

// ownRules are those of the program, with the rule of --fraud-velocity.
func ownRules(c service.Config) (text string, own *fraud.Rules) {
	n := velocity.Of(c)
	if n == 0 {
		return rules.DefaultText, rules.Default
	}
	text = rules.DefaultText + fmt.Sprintf("  - {name: velocity, score: 45, when: 'customer.orders[%q] > %d'}\n",
		within.Of(c).Truncate(time.Second), n)
	own, err := rules.Cached(text)
	if err != nil {
		panic(err) // the flags are checked
	}
	return text, own
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
