package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/openapi"
)

// register adds an operation whose requests have an Idempotency-Key, and describes it. The key is read before the rest of
// the request.
func register[I, O any](api huma.API, h *handlers, op huma.Operation, rule idempotency.Rule,
	handle func(context.Context, *I) (*O, error)) {
	openapi.TakesKey(&op, rule.Optional)
	op.Middlewares = huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		h.Keys.Serve(humagin.Unwrap(ctx), rule, func() { next(ctx) })
	}}
	huma.Register(api, op, handle)
}
