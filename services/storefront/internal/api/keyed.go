package api

import (
	"context"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"orderflow.example/shared/httpserver/idempotency"
)

// register adds an operation whose requests have an Idempotency-Key, and describes it. The key is read before the rest of
// the request.
func register[I, O any](api huma.API, h *handlers, op huma.Operation, rule idempotency.Rule,
	handle func(context.Context, *I) (*O, error)) {
	op.Parameters = []*huma.Param{{
		Name: "Idempotency-Key", In: "header", Required: !rule.Optional, Example: "order-4711",
		Description: "1 to 255 printable ASCII characters, quoted or bare: a new one for each request, the same one when you " +
			"send it again. Kept for seven days",
		Schema: &huma.Schema{Type: huma.TypeString, Pattern: "^[ -~]+$"},
	}}
	op.Middlewares = huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		h.Keys.Serve(humagin.Unwrap(ctx), rule, func() { next(ctx) })
	}}
	huma.Register(api, op, handle)
	answer := api.OpenAPI().Paths[op.Path].Post.Responses[strconv.Itoa(op.DefaultStatus)]
	answer.Headers["Idempotent-Replayed"] = &huma.Param{Description: "true when this answer was given before",
		Schema: &huma.Schema{Type: huma.TypeString}}
}
