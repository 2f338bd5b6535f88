package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"orderflow.example/services/storefront"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/service"
)

type productsInput struct {
	Q      string `query:"q" maxLength:"100" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters" doc:"Part of a SKU or a description"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" maxLength:"1000" doc:"The next_cursor of the page before"`
}

type productInput struct {
	SKU string `path:"sku" minLength:"1" maxLength:"64" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters"`
}

func (h *handlers) products(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "list-products", Method: http.MethodGet, Path: "/v1/products", Tags: []string{"Products"},
		Summary: "List the products for sale, by SKU",
	}, func(ctx context.Context, in *productsInput) (*list[Product], error) {
		after, err := cursor(in.Cursor)
		if err != nil {
			return nil, err
		}
		found, err := h.Reader.Products(ctx, in.Q, after, in.Limit+1)
		if err != nil {
			return nil, service.Unavailable(err)
		}
		return page(found, in.Limit, viewProduct, func(p storefront.Product) string { return p.SKU }), nil
	})

	huma.Register(api, huma.Operation{
		OperationID: "get-product", Method: http.MethodGet, Path: "/v1/products/{sku}", Tags: []string{"Products"},
		Summary: "Read one product", Errors: []int{http.StatusNotFound},
	}, func(ctx context.Context, in *productInput) (*one[Product], error) {
		p, found, err := h.Reader.Product(ctx, in.SKU)
		if err != nil {
			return nil, service.Unavailable(err)
		}
		if !found {
			return nil, httpserver.NotFound("there is no such product")
		}
		return &one[Product]{viewProduct(p)}, nil
	})
}
