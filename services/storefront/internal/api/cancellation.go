package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/storefront"
	"orderflow.example/services/storefront"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/service"
)

// Any reads the order of whichever customer. *store.Reader implements it.
type Any interface {
	Any(ctx context.Context, id string) (storefront.Order, bool, error)
}

type operatorsCancellation struct {
	Reason string `json:"reason" minLength:"1" maxLength:"500" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters"`
}

// RegisterCancellation adds the cancellation of any order to the operators' listener.
func RegisterCancellation(r *openapi.Routes, orders Any, submit Submit, keys *idempotency.Keys, log *slog.Logger) {
	op := huma.Operation{OperationID: "cancel-order", Method: http.MethodPost, Path: "/v1/orders/:id/cancellation",
		Tags: []string{"Orders"}, DefaultStatus: http.StatusAccepted, Summary: "Cancel an order, as the shop",
		Description: "Until the goods have left. What was done for the order is undone then; how far that is, GET /v1/sagas/{order} " +
			"shows. The answer is the order at this moment.",
		Errors: []int{http.StatusNotFound, http.StatusConflict}}
	openapi.TakesKey(&op, false)
	h := &handlers{Parts: Parts{Submit: submit, Log: log}}
	openapi.Handle[struct {
		ID   string `path:"id" doc:"The order's id"`
		Body operatorsCancellation
	}, openapi.Body[OrderState]](r, op, keys.Handler(idempotency.Rule{Route: "operators " + op.Path}, func(c *gin.Context) {
		h.cancelAny(c, orders)
	}))
}

func (h *handlers) cancelAny(c *gin.Context, orders Any) {
	var body operatorsCancellation
	if p := httpserver.DecodeJSON(c, &body); p != nil {
		httpserver.WriteProblem(c, p)
		return
	}
	ctx := c.Request.Context()
	asked := idempotency.Of(ctx)
	wish := event.CancellationRequestedV1{Reason: body.Reason, Operator: httpserver.Subject(ctx),
		Request: (*schemas.Request)(asked.Origin())}
	o, found, err := orders.Any(ctx, c.Param("id"))
	var p *httpserver.Problem
	switch {
	case err != nil:
	case !found:
		p = httpserver.NotFound("there is no such order")
	case o.Cancelling && (asked.IsRepeated() || !o.TooLateToCancel()):
	case o.TooLateToCancel():
		p = tooLate(o)
	default:
		if p = service.Refused(event.CancellationRequested, wish); p == nil {
			o, _, err = h.submit(ctx, o.ID, storefront.RequestCancellation.Of(wish))
		}
	}
	switch {
	case p != nil, errors.As(err, &p):
		httpserver.WriteProblem(c, p)
	case err != nil:
		httpserver.WriteUnavailable(c, err)
	default:
		c.JSON(http.StatusAccepted, viewState(o))
	}
}

func tooLate(o storefront.Order) *httpserver.Problem {
	return httpserver.Conflict("too-late-to-cancel", "the order is "+o.Status+" and can no longer be cancelled")
}
