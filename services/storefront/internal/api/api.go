// Package api is the storefront's HTTP API for customers. It validates requests, answering all faults at once, submits
// commands to the engine and renders rows of the store; it decides nothing else.
//
// Every query for an order carries the customer of the token, so that another customer's order is answered like one that does
// not exist.
package api

import (
	"context"
	_ "embed"
	"log/slog"
	"time"

	"github.com/danielgtaylor/huma/v2"

	event "orderflow.example/schemas/storefront"
	"orderflow.example/services/storefront"
	"orderflow.example/services/storefront/internal/store"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/saga"
)

// Submit has the engine decide a command about an order. Once that is committed it returns the order and the events emitted.
type Submit func(ctx context.Context, order string, command saga.Event) (storefront.Order, []saga.Event, error)

// Reader reads what the API shows. *store.Reader implements it.
type Reader interface {
	Order(ctx context.Context, customer, id string) (storefront.Order, bool, error)
	Orders(ctx context.Context, customer, before string, limit int) ([]storefront.Order, error)
	Stories(ctx context.Context, known map[string]int) (map[string]store.Story, error)
	Product(ctx context.Context, sku string) (storefront.Product, bool, error)
	Products(ctx context.Context, q, after string, limit int) ([]storefront.Product, error)
	Terms(ctx context.Context, skus []string) (map[string]storefront.Terms, error)
}

// Admit may refuse a new order; nil admits all. Done is called once an admitted request is answered.
type Admit func(known func() (bool, error)) (done func(), p *httpserver.Problem)

// Parts are what the API needs.
type Parts struct {
	Submit Submit
	Reader Reader
	Keys   *idempotency.Keys
	Admit  Admit
	Log    *slog.Logger

	BackorderWithin time.Duration // how long an order waits for goods that may be waited for; 0: it does not

	Interact func(visitor string, i event.Interaction) // takes what a visitor did
}

type handlers struct {
	Parts
	watcher *watcher
}

//go:embed introduction.md
var introduction string

// Register adds the routes to the API, which checks tokens.
func Register(api huma.API, p Parts) {
	api.OpenAPI().Info.Description = introduction
	h := &handlers{Parts: p, watcher: newWatcher(p.Reader.Stories, p.Log, pollEvery)}
	h.register(api)
}

func (h *handlers) register(api huma.API) {
	h.products(api)
	h.orders(api)
	h.place(api)
	h.changes(api)
	h.events(api)
	h.interactions(api)
}

// pollEvery is how long a customer who watches an order waits for news at most.
const pollEvery = 200 * time.Millisecond

// submitTimeout bounds changing an order.
const submitTimeout = 10 * time.Second

// absent is the answer for an order that does not exist or is not the caller's.
func absent() error { return httpserver.NotFound("you have no such order") }
