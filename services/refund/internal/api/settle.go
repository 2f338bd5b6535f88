package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"orderflow.example/schemas"
	"orderflow.example/services/refund"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/openapi"
)

func registerSettle(routes *openapi.Routes, keys *idempotency.Keys, r Refunds) {
	op := huma.Operation{OperationID: "settle-refund", Method: http.MethodPost,
		Path: "/v1/orders/:id/refunds/:refund/settlement", Tags: []string{"Refunds"}, DefaultStatus: http.StatusOK,
		Summary: "Record that a refund that was owed is paid outside the gateway",
		Description: "Only a refund with the status owed can be settled, once, with the amount that the list shows. Pay the customer " +
			"first: this moves no money, it tells the books where it went."}
	openapi.TakesKey(&op, false)
	openapi.Handle[struct {
		ID     string `path:"id" doc:"The order's id"`
		Refund string `path:"refund" doc:"The refund_id of the refund that is owed"`
		Body   settlementRequest
	}, openapi.Body[claim]](routes, op, keys.Handler(idempotency.Rule{}, func(c *gin.Context) { settle(c, r) }))
}

type settlementRequest struct {
	How       string `json:"how" enum:"bank_transfer,cheque" doc:"How the customer was paid"`
	Reference string `json:"reference" minLength:"1" maxLength:"140" pattern:"^[!-~]([ -~]*[!-~])?$" patternDescription:"printable ASCII characters without spaces around" doc:"Of that payment, as the bank statement will show it"`
	Note      string `json:"note,omitempty" maxLength:"500" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters"`
}

func settle(c *gin.Context, r Refunds) {
	var body settlementRequest
	if p := httpserver.DecodeJSON(c, &body); p != nil {
		httpserver.WriteProblem(c, p)
		return
	}
	ctx, order, refundID := c.Request.Context(), c.Param("id"), c.Param("refund")
	asked := idempotency.Of(ctx)
	s := refund.Settlement{ID: asked.ID(), RefundID: refundID, How: body.How, Reference: body.Reference, Note: body.Note,
		Operator: httpserver.Subject(ctx), Request: (*schemas.Request)(asked.Origin())}
	now, err := r.Of(ctx, order)
	if err == nil && now.Settlement(s.ID) == nil && now.RefusesToSettle(refundID) == "" {
		if p := asked.Begin(ctx); p != nil {
			httpserver.WriteProblem(c, p)
			return
		}
		if now, err = r.Settle(ctx, order, s); err != nil {
			asked.Failed(err)
		}
	}
	switch settled := now.Settlement(s.ID); {
	case err != nil:
		httpserver.WriteUnavailable(c, err)
	case settled != nil:
		c.JSON(http.StatusOK, view(now, *settled))
	default:
		httpserver.WriteProblem(c, notSettled(now, refundID))
	}
}

// notSettled says why a refund was not settled.
func notSettled(r refund.Refund, refundID string) *httpserver.Problem {
	switch why := r.RefusesToSettle(refundID); why {
	case refund.UnknownRefund:
		return httpserver.NotFound("the order has no refund of this id; GET /v1/refunds lists those that are owed")
	case refund.AlreadySettled:
		return httpserver.Conflict(string(why), "this refund was settled before")
	case refund.NotOwed:
		return httpserver.Conflict(string(why), "the gateway has made this refund, or will be asked again; only one that is owed can "+
			"be settled")
	case refund.InDispute:
		return httpserver.Conflict(string(why),
			"the customer disputes the payment at their bank; what is owed shows once the dispute has ended")
	}
	return httpserver.Conflict(string(refund.ExceedsLeft), "nothing of it is owed any more: the customer has it from "+
		"their bank, or for another reason, or is about to get it")
}
