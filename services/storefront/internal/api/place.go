package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"orderflow.example/schemas"
	orders "orderflow.example/schemas/order"
	event "orderflow.example/schemas/storefront"
	"orderflow.example/services/storefront"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/service"
)

type placeInput struct {
	Body NewOrder
}

// PlacedOrder is the answer to an order that was accepted.
type PlacedOrder struct {
	ID     string `json:"id" format:"uuid"`
	Status string `json:"status" enum:"placed"`
	Total  Money  `json:"total"`
}

type placeOutput struct {
	Location string `header:"Location"`
	Body     PlacedOrder
}

func (h *handlers) place(api huma.API) {
	op := huma.Operation{
		OperationID: "place-order", Method: http.MethodPost, Path: "/v1/orders", Tags: []string{"Orders"},
		DefaultStatus: http.StatusAccepted, Summary: "Place an order",
		Description: "Answered once the order is kept safely. Its state is at the Location. Where more orders wait than " +
			"can be carried out soon the answer is 503 with the problem `overloaded`: nothing was done, and Retry-After says when " +
			"to send it again.",
		Security: openapi.Bearer,
		Errors: []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusConflict, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType, http.StatusServiceUnavailable},
	}
	openapi.Link(&op, http.StatusAccepted, "/id", "id", "get-order", "watch-order", "cancel-order", "return-goods")
	register(api, h, op, idempotency.Rule{Rebuilt: true, Admit: h.Admit}, h.placeOrder)
}

func (h *handlers) placeOrder(ctx context.Context, in *placeInput) (*placeOutput, error) {
	customer, request := httpserver.Subject(ctx), idempotency.Of(ctx)
	if request.IsRepeated() {
		o, found, err := h.Reader.Order(ctx, customer, request.ID())
		if err != nil {
			return nil, service.Unavailable(err)
		}
		if found {
			return placedOrder(o), nil
		}
	}
	terms, err := h.Reader.Terms(ctx, in.Body.skus())
	switch {
	case err != nil && in.Body.faults != nil:
		return nil, httpserver.Invalid(in.Body.faults...)
	case err != nil:
		return nil, service.Unavailable(err)
	}
	basket, p := in.Body.price(terms)
	if p != nil {
		return nil, p
	}
	command := in.Body.command(customer, basket, request)
	command.Backorder = in.Body.backorder(basket, terms, h.BackorderWithin)
	if p := service.Refused(event.OrderPlaced, command); p != nil {
		return nil, p
	}
	o, _, err := h.submit(ctx, request.ID(), storefront.PlaceOrder.Of(command))
	if err != nil {
		return nil, err
	}
	return placedOrder(o), nil
}

func (o *NewOrder) command(customer string, basket storefront.Basket, request *idempotency.Request) event.OrderPlacedV1 {
	return event.OrderPlacedV1{
		CustomerID: customer, Lines: basket.Lines, Total: basket.Total, ShipTo: schemas.Address(o.ShipTo), Email: o.Email,
		PaymentToken: o.PaymentToken, FillPolicy: o.FillPolicy, Request: (*schemas.Request)(request.Origin()),
	}
}

// placedOrder is the answer to an accepted order, the same whatever its state is now.
func placedOrder(o storefront.Order) *placeOutput {
	return &placeOutput{Location: "/v1/orders/" + o.ID,
		Body: PlacedOrder{ID: o.ID, Status: orders.StatusPlaced, Total: Money(o.Placed.Total)}}
}
