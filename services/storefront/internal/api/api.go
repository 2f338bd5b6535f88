// Package api is the storefront's HTTP API: what customers may ask for and see. It reads requests, finds every fault
// in them, hands commands to the engine and renders what the store holds; it decides nothing else.
//
// Every question about an order carries the customer of the token, so that a foreign order is as absent as one that
// never was.
package api

import (
	"context"
	_ "embed"
	"log/slog"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"orderflow.example/schemas"
	"orderflow.example/services/storefront"
	"orderflow.example/services/storefront/internal/store"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/saga"
)

// Submit lets the engine decide a command about an order and returns the order afterwards, once that is committed,
// with whatever was emitted.
type Submit func(ctx context.Context, order string, command saga.Event) (storefront.Order, []saga.Event, error)

// Reader is what the API shows. *store.Reader is one.
type Reader interface {
	Order(ctx context.Context, customer, id string) (storefront.Order, bool, error)
	Orders(ctx context.Context, customer, before string, limit int) ([]storefront.Order, error)
	Stories(ctx context.Context, known map[string]int) (map[string]store.Story, error)
	Product(ctx context.Context, sku string) (storefront.Product, bool, error)
	Products(ctx context.Context, q, after string, limit int) ([]storefront.Product, error)
	Prices(ctx context.Context, skus []string) (map[string]schemas.Money, error)
}

// Admit may refuse an order that is new; nil admits all. Done is called once what was admitted is answered.
type Admit func(known func() (bool, error)) (done func(), p *httpserver.Problem)

// Parts are what the API works with.
type Parts struct {
	Submit Submit
	Reader Reader
	Keys   *idempotency.Keys
	Admit  Admit
	Log    *slog.Logger
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
}

// pollEvery is how long a customer who watches an order waits for news at most.
const pollEvery = 200 * time.Millisecond

// submitTimeout bounds changing an order.
const submitTimeout = 10 * time.Second

// absent is the answer to an order that is not there and to one that is not the caller's.
func absent() error { return httpserver.NotFound("you have no such order") }
