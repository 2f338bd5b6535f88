package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	orders "orderflow.example/schemas/order"
	"orderflow.example/services/storefront"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
)

// All reads orders of all customers, oldest first. *store.Reader implements it.
type All interface {
	All(ctx context.Context, after string, open bool, limit int) ([]storefront.Order, error)
}

// OrderState is the state of an order as operators list it, with nothing personal but the customer id.
type OrderState struct {
	ID          string     `json:"id"`
	Customer    string     `json:"customer"`
	Status      string     `json:"status"`
	Reason      string     `json:"reason,omitempty"`
	Open        bool       `json:"open"` // something is still to come: its end, goods on their way back, or money
	Ordered     Money      `json:"ordered"`
	Total       Money      `json:"total"` // what was confirmed; before that what was ordered
	Payment     Payment    `json:"payment"`
	PlacedAt    time.Time  `json:"placed_at"`
	ConfirmedAt *time.Time `json:"confirmed_at,omitempty"`
	EndedAt     *time.Time `json:"ended_at,omitempty"` // when it first was in a final state

	Missing []SKUQuantity `json:"missing,omitempty"` // what was ordered and, by fill policy, not confirmed, or is not sent
	Parcels int64         `json:"parcels,omitempty"` // that it leaves in, where they are several
	Lost    []SKUQuantity `json:"lost,omitempty"`    // with one of several parcels
}

// SKUQuantity is a quantity of a product.
type SKUQuantity struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
}

const (
	defaultStates = 100
	maxStates     = 1000
)

// RegisterOperators adds the list of all orders to the operators' listener.
func RegisterOperators(r *openapi.Routes, orders All) {
	op := huma.Operation{OperationID: "list-orders", Method: http.MethodGet, Path: "/v1/orders", Tags: []string{"Orders"},
		Summary: "List the orders of all customers, oldest first"}
	openapi.Link(&op, http.StatusOK, "/items/0/id", "id", "get-refunds", "grant-refund")
	openapi.Handle[struct {
		Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
		Cursor string `query:"cursor" maxLength:"1400" doc:"The next_cursor of the page before"`
		Open   bool   `query:"open" doc:"Only those of which something is still to come"`
	}, list[OrderState]](r, op, func(c *gin.Context) { listStates(c, orders) })
}

func listStates(c *gin.Context, orders All) {
	q, after := httpserver.NewQuery(c, "open"), ""
	limit, open := q.Limit(defaultStates, maxStates), q.Yes("open")
	q.Cursor(&after)
	if q.Refused() {
		return
	}
	found, err := orders.All(c.Request.Context(), after, open, limit+1)
	if err != nil {
		httpserver.WriteUnavailable(c, err)
		return
	}
	c.JSON(http.StatusOK, page(found, limit, viewState, func(o storefront.Order) string { return o.ID }).Body)
}

func viewState(o storefront.Order) OrderState {
	v := viewOrder(o)
	s := OrderState{ID: v.ID, Customer: o.CustomerID, Status: v.Status, Reason: v.Reason, Open: o.Open(),
		Ordered: Money(o.Placed.Total), Total: v.Total, Payment: v.Payment, PlacedAt: v.PlacedAt, Missing: missing(o)}
	for _, p := range o.Shipments {
		if p.Parcel != nil {
			s.Parcels = p.Parcel.Of
		}
	}
	for _, l := range o.Lost() {
		s.Lost = append(s.Lost, SKUQuantity{SKU: l.SKU, Quantity: l.Quantity})
	}
	for i, e := range o.Timeline {
		switch at := &o.Timeline[i].At; e.Status {
		case orders.StatusConfirmed:
			s.ConfirmedAt = first(s.ConfirmedAt, at)
		case orders.StatusCompleted, orders.StatusReturned, orders.StatusRejected, orders.StatusCancelled:
			s.EndedAt = first(s.EndedAt, at)
		}
	}
	return s
}

func missing(o storefront.Order) (lines []SKUQuantity) {
	if len(o.Agreed.Lines) == 0 {
		return nil
	}
	had := make(map[string]int64, len(o.Agreed.Lines))
	for _, l := range o.Agreed.Lines {
		had[l.SKU] = l.Quantity
	}
	for _, l := range o.Placed.Lines {
		if n := l.Quantity - had[l.SKU]; n > 0 {
			lines = append(lines, SKUQuantity{SKU: l.SKU, Quantity: n})
		}
	}
	return lines
}

func first(known, at *time.Time) *time.Time {
	if known != nil {
		return known
	}
	return at
}
