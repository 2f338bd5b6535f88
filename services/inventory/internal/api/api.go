// Package api is the inventory service's HTTP API for operators: levels, movements and reservations of goods. It is no part of
// the shop; customers see availability in the storefront.
package api

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"orderflow.example/services/inventory"
	"orderflow.example/services/inventory/internal/store"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/saga"
)

// Reader reads what the routes show. *store.Reader implements it.
type Reader interface {
	Levels(ctx context.Context, skus ...string) (inventory.Levels, error)
	List(ctx context.Context, q string, low bool, after string, limit int) ([]inventory.Level, error)
	Movements(ctx context.Context, sku string, before store.Moment, limit int) ([]inventory.Movement, error)
	Reservations(ctx context.Context, sku, after string, limit int) ([]store.Held, error)
}

// Submit has the engine decide a command about a SKU. It returns the state afterwards and the events emitted, once they are
// committed.
type Submit func(ctx context.Context, sku string, command saga.Event) (inventory.State, []saga.Event, error)

const defaultLimit, maxLimit = 50, 200

// Register adds the routes. A SKU may contain slashes.
func Register(r *openapi.Routes, keys *idempotency.Keys, reader Reader, submit Submit) {
	registerCounts(r, keys, reader, submit)

	openapi.Handle[struct {
		openapi.Paged
		Q   string `query:"q" maxLength:"100" doc:"Part of a SKU"`
		Low bool   `query:"low" doc:"Only SKUs of which a warehouse has no more than its reorder point"`
	}, openapi.Body[stockPage]](r, huma.Operation{
		OperationID: "list-stock", Method: http.MethodGet, Path: "/v1/stock", Tags: []string{"Stock"},
		Summary: "List how much there is of each SKU, over all warehouses",
	}, func(c *gin.Context) { list(c, reader) })

	openapi.Handle[struct {
		openapi.Paged
		SKU string `path:"sku" minLength:"1" maxLength:"64" doc:"May contain slashes"`
		Of  string `query:"of" enum:"movements,reservations" doc:"A list instead: what came and left, newest first; or the orders that hold goods or wait for them, oldest first"`
	}, openapi.Body[one]](r, huma.Operation{
		OperationID: "get-stock", Method: http.MethodGet, Path: "/v1/stock/*sku", Tags: []string{"Stock"},
		Summary: "Read how much there is of a SKU, in all and by warehouse; or its movements, or its reservations",
	}, func(c *gin.Context) { stock(c, reader) })
}

// one is an answer about one SKU.
type one struct{}

// Schema describes the three answers.
func (one) Schema(r huma.Registry) *huma.Schema {
	of := func(of any) *huma.Schema { return r.Schema(reflect.TypeOf(of), true, "") }
	return &huma.Schema{OneOf: []*huma.Schema{of(answer{}), of(movementPage{}), of(reservationPage{})}}
}

// Amounts are pieces. Available is on hand less reserved.
type Amounts struct {
	OnHand    int64 `json:"on_hand"`
	Reserved  int64 `json:"reserved"`
	Available int64 `json:"available"`
	OnOrder   int64 `json:"on_order"`
}

func amounts(l inventory.Level) Amounts {
	return Amounts{l.OnHand, l.Reserved, l.Available(), l.OnOrder}
}

type answer struct {
	SKU string `json:"sku"`
	Amounts
	Warehouses []warehouse `json:"warehouses"`
}

type warehouse struct {
	Warehouse string `json:"warehouse"`
	Amounts
	ReorderPoint int64 `json:"reorder_point"`
}

type stockItem struct {
	SKU string `json:"sku"`
	Amounts
	ReorderPoint int64 `json:"reorder_point" doc:"Of all warehouses together"`
}

type stockPage struct {
	Items      []stockItem `json:"items" nullable:"false"`
	NextCursor string      `json:"next_cursor,omitempty"`
	AsOf       time.Time   `json:"as_of"`
}

func list(c *gin.Context, r Reader) {
	q, after := httpserver.NewQuery(c, "q", "low"), ""
	limit, low := q.Limit(defaultLimit, maxLimit), q.Yes("low")
	q.Cursor(&after)
	part := part(q)
	if q.Refused() {
		return
	}
	p := stockPage{Items: []stockItem{}, AsOf: time.Now().UTC()}
	found, err := r.List(c.Request.Context(), part, low, after, limit+1)
	if err != nil {
		httpserver.WriteUnavailable(c, err)
		return
	}
	if len(found) > limit {
		found = found[:limit]
		p.NextCursor = httpserver.EncodeCursor(found[limit-1].SKU)
	}
	for _, l := range found {
		p.Items = append(p.Items, stockItem{l.SKU, amounts(l), l.ReorderPoint})
	}
	c.JSON(http.StatusOK, p)
}

// part is the filter q.
func part(q *httpserver.Query) string {
	text := q.Context.Query("q")
	if len([]rune(text)) > 100 || strings.ContainsRune(text, 0) || strings.ToValidUTF8(text, "") != text {
		q.Fault("q", "want at most 100 characters of text")
	}
	return text
}

func stock(c *gin.Context, r Reader) {
	sku := strings.TrimPrefix(c.Param("sku"), "/")
	of, isList := c.GetQuery("of")
	switch {
	case of == "movements":
		movements(c, r, sku)
		return
	case of == "reservations":
		reservations(c, r, sku)
		return
	case isList || len(c.Request.URL.Query()) > 0:
		q := httpserver.NewQuery(c, "of")
		q.Limit(defaultLimit, maxLimit)
		q.Cursor(new(json.RawMessage))
		q.Fault("of", "want movements or reservations")
		q.Refused()
		return
	}
	found := levels(c, r, sku)
	if found == nil {
		return
	}
	a := answer{SKU: sku}
	for _, l := range found {
		w := warehouse{l.Warehouse, amounts(l), l.ReorderPoint}
		a.OnHand, a.Reserved = a.OnHand+w.OnHand, a.Reserved+w.Reserved
		a.Available, a.OnOrder = a.Available+w.Available, a.OnOrder+w.OnOrder
		a.Warehouses = append(a.Warehouses, w)
	}
	c.JSON(http.StatusOK, a)
}

// levels reads the levels of a SKU, or answers that there are none.
func levels(c *gin.Context, r Reader, sku string) inventory.Levels {
	found, err := r.Levels(c.Request.Context(), sku)
	switch {
	case err != nil:
		httpserver.WriteUnavailable(c, err)
		return nil
	case len(found) == 0:
		httpserver.WriteProblem(c, httpserver.NotFound("no goods of this SKU were ever received"))
		return nil
	}
	return found
}
