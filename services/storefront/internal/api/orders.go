package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"orderflow.example/services/storefront"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/service"
)

type ordersInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"1000" doc:"The next_cursor of the page before"`
}

type orderInput struct {
	ID string `path:"id" doc:"The order's id"`
}

func (h *handlers) orders(api huma.API) {
	listing := huma.Operation{
		OperationID: "list-orders", Method: http.MethodGet, Path: "/v1/orders", Tags: []string{"Orders"},
		Summary: "List your orders, newest first", Security: openapi.Bearer,
		Errors: []int{http.StatusUnauthorized, http.StatusUnprocessableEntity},
	}
	openapi.Link(&listing, http.StatusOK, "/items/0/id", "id", "get-order", "watch-order", "cancel-order", "return-goods")
	huma.Register(api, listing, func(ctx context.Context, in *ordersInput) (*list[Order], error) {
		before, err := cursor(in.Cursor)
		if err != nil {
			return nil, err
		}
		found, err := h.Reader.Orders(ctx, httpserver.Subject(ctx), before, in.Limit+1)
		if err != nil {
			return nil, service.Unavailable(err)
		}
		return page(found, in.Limit, viewOrder, func(o storefront.Order) string { return o.ID }), nil
	})

	huma.Register(api, huma.Operation{
		OperationID: "get-order", Method: http.MethodGet, Path: "/v1/orders/{id}", Tags: []string{"Orders"},
		Summary: "Read one of your orders", Security: openapi.Bearer, Errors: []int{http.StatusUnauthorized, http.StatusNotFound},
	}, func(ctx context.Context, in *orderInput) (*one[Order], error) {
		o, err := h.own(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &one[Order]{viewOrder(o)}, nil
	})
}

// own returns the caller's order of this id.
func (h *handlers) own(ctx context.Context, id string) (storefront.Order, error) {
	parsed, err := uuid.Parse(id)
	if err != nil || parsed.String() != id {
		return storefront.Order{}, absent()
	}
	o, found, err := h.Reader.Order(ctx, httpserver.Subject(ctx), id)
	if err != nil {
		return storefront.Order{}, service.Unavailable(err)
	}
	if !found {
		return storefront.Order{}, absent()
	}
	return o, nil
}
