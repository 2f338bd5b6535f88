// Package api serves recommendations on the customers' listener: for goods to anybody, for a customer to that customer.
package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"orderflow.example/services/recommendation"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/service"
)

// Reader reads what the API shows. *store.Reader implements it.
type Reader interface {
	Ask(ctx context.Context, fn func(x *recommendation.Index)) error
	Products(ctx context.Context, skus []string) (map[string]recommendation.Product, error)
	Visitor(ctx context.Context, customer, guest string) (recommendation.Visitor, error)
}

type input struct {
	SKU     []string `query:"sku,explode" maxItems:"200" doc:"A product, or several: the basket. Without one: for the customer, or the visitor"`
	Visitor string   `query:"visitor" maxLength:"128" pattern:"^[A-Za-z0-9_.-]*$" doc:"A guest, by the id that their interactions were sent with"`
	Limit   int      `query:"limit" minimum:"1" maximum:"50" default:"10"`
}

// Recommendation is one product and the reason for it.
type Recommendation struct {
	SKU         string `json:"sku"`
	Description string `json:"description"`
	Reason      Reason `json:"reason"`
}

// Reason is why a product is recommended.
type Reason struct {
	Kind   string `json:"kind" enum:"bought_together,bought_before,popular"`
	With   string `json:"with,omitempty" doc:"bought_together: the product of the basket that speaks most for it"`
	Orders int64  `json:"orders" doc:"In how many whole orders it was: with that product, of this customer, or of all"`
	Text   string `json:"text" example:"bought together with 85123A 412 times"`
}

type output struct {
	CacheControl string `header:"Cache-Control"`
	Body         struct {
		Items []Recommendation `json:"items" nullable:"false"`
	}
}

type handlers struct{ Reader }

// Register adds the route to the customers' API, which checks tokens.
func Register(api huma.API, r Reader) {
	huma.Register(api, huma.Operation{
		OperationID: "list-recommendations", Method: http.MethodGet, Path: "/v1/recommendations", Tags: []string{"Products"},
		Summary: "Read what goes well with products, or what is for you",
		Description: "With `sku`, what is bought together with that product, or with these, by anybody; with a token the customer's " +
			"own purchases count too. Without `sku`, what is for the customer of the token, or for the guest of " +
			"`visitor`. Only what can " +
			"be had now is recommended, and nothing of the basket.",
		Security: openapi.OptionalBearer,
		Errors:   []int{http.StatusUnauthorized, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, handlers{r}.list)
}

func (h handlers) list(ctx context.Context, in *input) (*output, error) {
	customer := httpserver.Subject(ctx)
	q := recommendation.Query{Customer: customer, Own: len(in.SKU) == 0}
	for _, sku := range in.SKU {
		q.Goods = append(q.Goods, recommendation.Wanted{SKU: sku, Weight: 1})
	}
	if q.Own {
		if customer == "" && in.Visitor == "" {
			return nil, httpserver.NewProblem(http.StatusUnauthorized, "unauthorized",
				"this needs a sku, a visitor, or a bearer token in the Authorization header")
		}
		v, err := h.Visitor(ctx, customer, in.Visitor)
		if err != nil {
			return nil, service.Unavailable(err)
		}
		q.Goods = v.Wants()
	}
	out := &output{CacheControl: "private, no-cache"}
	var err error
	if out.Body.Items, err = h.available(ctx, q, in.Limit); err != nil {
		return nil, service.Unavailable(err)
	}
	return out, nil
}

// available are the best that can be had; where too few speak for themselves, the popular ones after them.
func (h handlers) available(ctx context.Context, q recommendation.Query, limit int) ([]Recommendation, error) {
	items := []Recommendation{}
	for n := 3*limit + 10; ; n *= 20 {
		var ranked []recommendation.Recommendation
		if err := h.Ask(ctx, func(x *recommendation.Index) { ranked = x.Rank(q, n) }); err != nil {
			return nil, err
		}
		skus := make([]string, len(ranked))
		for i, r := range ranked {
			skus[i] = r.SKU
		}
		products, err := h.Products(ctx, skus)
		if err != nil {
			return nil, err
		}
		items = items[:0]
		for _, r := range ranked {
			if p := products[r.SKU]; p.Sold() && len(items) < limit {
				items = append(items, Recommendation{SKU: r.SKU, Description: p.Description, Reason: reason(r)})
			}
		}
		if len(items) == limit || len(ranked) < n {
			return items, nil
		}
	}
}

func reason(r recommendation.Recommendation) Reason {
	times := "once"
	if r.Orders != 1 {
		times = fmt.Sprint(r.Orders, " times")
	}
	text := map[string]string{
		recommendation.BoughtTogether: "bought together with " + r.With + " " + times,
		recommendation.BoughtBefore:   "you bought it " + times,
		recommendation.Popular:        "bought " + times,
	}
	return Reason{Kind: r.Reason, With: r.With, Orders: r.Orders, Text: text[r.Reason]}
}
