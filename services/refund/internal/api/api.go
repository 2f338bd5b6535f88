// Package api is the refund service's HTTP API for operators: granting a refund, listing those that are made or owed, and
// settling what is owed.
package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"orderflow.example/schemas"
	"orderflow.example/services/refund"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/openapi"
)

// Refunds is what the routes need.
type Refunds interface {
	// Of returns the refund of one order, blank if there is none.
	Of(ctx context.Context, order string) (refund.Refund, error)
	// With lists at most limit orders with a claim of the status, that come after the order named.
	With(ctx context.Context, status refund.Status, after string, limit int) ([]refund.Refund, error)
	// Grant applies an operator's decision, and returns the state afterwards.
	Grant(ctx context.Context, order string, g refund.Grant) (refund.Refund, error)
	// Settle applies the word of an operator that a refund was paid outside the gateway, and returns the state afterwards.
	Settle(ctx context.Context, order string, s refund.Settlement) (refund.Refund, error)
}

const (
	defaultLimit = 50
	maxLimit     = 200
)

// Register adds the routes.
func Register(routes *openapi.Routes, keys *idempotency.Keys, r Refunds) {
	tags := []string{"Refunds"}
	list := huma.Operation{OperationID: "list-refunds", Method: http.MethodGet, Path: "/v1/refunds", Tags: tags,
		Summary: "List the refunds that failed, or that customers are owed"}
	openapi.Link(&list, http.StatusOK, "/items/0/order", "id", "get-refunds", "grant-refund")
	openapi.Handle[struct {
		openapi.Paged
		Status string `query:"status" enum:"owed,failed,pending" default:"owed" doc:"owed: failed for good; failed: tried again"`
	}, openapi.Body[page]](routes, list, func(c *gin.Context) { listAll(c, r) })

	one := huma.Operation{OperationID: "get-refunds", Method: http.MethodGet, Path: "/v1/orders/:id/refunds", Tags: tags,
		Summary: "Show what was captured of an order, refunded and charged back"}
	openapi.Handle[struct {
		ID string `path:"id" doc:"The order's id"`
	}, openapi.Body[account]](routes, one, func(c *gin.Context) { show(c, r) })

	op := huma.Operation{OperationID: "grant-refund", Method: http.MethodPost, Path: "/v1/orders/:id/refunds", Tags: tags,
		DefaultStatus: http.StatusAccepted, Summary: "Give a customer money back: for goods, shipping, or as goodwill",
		Description: "It is granted by the answer, and executed by the gateway afterwards: the status of the refund tells how far " +
			"it is."}
	openapi.TakesKey(&op, false)
	openapi.Handle[struct {
		ID   string `path:"id" doc:"The order's id"`
		Body request
	}, openapi.Body[claim]](routes, op, keys.Handler(idempotency.Rule{}, func(c *gin.Context) { grant(c, r) }))
	registerSettle(routes, keys, r)
}

type request struct {
	Lines    []refund.GrantLine `json:"lines,omitempty" maxItems:"200" nullable:"false"`
	Shipment string             `json:"shipment_id,omitempty" maxLength:"64" pattern:"^[!-~]*$" patternDescription:"printable ASCII characters without spaces" doc:"The parcel it is for, of an order that leaves in several, as GET lists them; without it the first that it fits"`
	Shipping int64              `json:"shipping,omitempty" minimum:"0" maximum:"100000000" doc:"Minor units of the order's currency"`
	Goodwill int64              `json:"goodwill,omitempty" minimum:"0" maximum:"100000000" doc:"Minor units of the order's currency"`
	Reason   string             `json:"reason" minLength:"1" maxLength:"500" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters"`
}

// Check finds lines about the same product, and a request for nothing.
func (r *request) Check() (faults []httpserver.Fault) {
	if len(r.Lines) == 0 && r.Shipping == 0 && r.Goodwill == 0 {
		return []httpserver.Fault{{Location: "body", Detail: "want lines, shipping or goodwill: there is nothing to refund"}}
	}
	seen := map[string]int{}
	for i, l := range r.Lines {
		if first, twice := seen[l.SKU]; twice {
			faults = append(faults, httpserver.Fault{Location: fmt.Sprintf("body.lines[%d]", i),
				Detail: fmt.Sprintf("lines[%d] is about the same product; add them up", first)})
		} else {
			seen[l.SKU] = i
		}
	}
	return faults
}

func grant(c *gin.Context, r Refunds) {
	var body request
	if p := httpserver.DecodeJSON(c, &body); p != nil {
		httpserver.WriteProblem(c, p)
		return
	}
	ctx, order := c.Request.Context(), c.Param("id")
	asked := idempotency.Of(ctx)
	g := refund.Grant{ID: asked.ID(), ShipmentID: body.Shipment, Lines: body.Lines, Shipping: body.Shipping,
		Goodwill: body.Goodwill, Note: body.Reason, Operator: httpserver.Subject(ctx), Request: (*schemas.Request)(asked.Origin())}
	// The lookup comes first, so that a command about an unknown order leaves no row behind.
	now, err := r.Of(ctx, order)
	if err == nil && now.Taken && now.Grant(g.ID) == nil {
		if p := asked.Begin(ctx); p != nil {
			httpserver.WriteProblem(c, p)
			return
		}
		if now, err = r.Grant(ctx, order, g); err != nil {
			asked.Failed(err)
		}
	}
	switch granted := now.Grant(g.ID); {
	case err != nil:
		httpserver.WriteUnavailable(c, err)
	case granted != nil:
		// A repeat answers the same: the state of its execution is at GET.
		v := view(now, *granted)
		v.Status, v.RefundID, v.Why = refund.Pending, "", ""
		c.JSON(http.StatusAccepted, v)
	default:
		httpserver.WriteProblem(c, refused(now, g))
	}
}

// refused says why nothing was granted.
func refused(r refund.Refund, g refund.Grant) *httpserver.Problem {
	switch why := r.Refuses(); why {
	case refund.NotCaptured:
		if len(r.Claims) == 0 && !r.Taken {
			return httpserver.NotFound("there is no order of this id of which money was taken")
		}
		return httpserver.Conflict(string(why), "no money was taken for the order yet; cancel the order instead")
	case refund.InDispute:
		return httpserver.Conflict(string(why),
			"the customer disputes the payment at their bank; a refund is possible once the dispute has ended")
	case refund.NothingLeft:
		return httpserver.Conflict(string(why), "everything that was taken for the order is refunded or charged back")
	}
	switch why := r.RefusesGrant(g); why {
	case refund.UnknownShipment:
		return httpserver.NewProblem(http.StatusUnprocessableEntity, string(why), "no money was taken for a parcel of this "+
			"shipment_id; the list of the order's refunds has those of which it was. Leave it out for an order that left in one parcel")
	case refund.NeedsShipment:
		return httpserver.NewProblem(http.StatusUnprocessableEntity, string(why), "the order leaves in several parcels, and this "+
			"does not fit into what is left to refund of any one of them, or its goods are in several: grant it by shipment, each with "+
			"its shipment_id, as the list of the order's refunds has them")
	}
	left := schemas.Money{Amount: r.LeftFor(g.ShipmentID), Currency: r.Currency}
	return httpserver.Conflict("refund-exceeds", "at most "+left.Text()+" are left to refund, and of goods only "+
		"those that were sold with the order and are not refunded yet")
}
