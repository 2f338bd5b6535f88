package api

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"orderflow.example/services/warehouse"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
)

type purchase struct {
	ID        string    `json:"id" doc:"Of the event that ordered it"`
	SKU       string    `json:"sku"`
	Warehouse string    `json:"warehouse"`
	Quantity  int64     `json:"quantity"`
	Received  int64     `json:"received" doc:"Pieces that have come so far"`
	OrderedAt time.Time `json:"ordered_at"`
	DueAt     time.Time `json:"due_at" doc:"From then on the supplier is late"`
	Overdue   bool      `json:"overdue"`
}

type purchasePage struct {
	Items      []purchase `json:"items" nullable:"false"`
	NextCursor string     `json:"next_cursor,omitempty"`
}

func registerPurchases(r *openapi.Routes, reader Reader) {
	openapi.Handle[struct {
		openapi.Paged
		Overdue bool `query:"overdue" doc:"Only those that are late"`
	}, openapi.Body[purchasePage]](r, huma.Operation{
		OperationID: "list-purchases", Method: http.MethodGet, Path: "/v1/purchases", Tags: []string{"Stock"},
		Summary: "List what is ordered from suppliers and has not come, or not all of it, by SKU",
	}, func(c *gin.Context) { purchases(c, reader) })
}

func purchases(c *gin.Context, r Reader) {
	q, after := httpserver.NewQuery(c, "overdue"), ""
	limit, overdue := q.Limit(50, 200), q.Yes("overdue")
	q.Cursor(&after)
	if q.Refused() {
		return
	}
	late := time.Time{}
	if overdue {
		late = time.Now().Add(-warehouse.LateAfter)
	}
	found, err := r.Open(c.Request.Context(), after, late, limit+1)
	if err != nil {
		httpserver.WriteUnavailable(c, err)
		return
	}
	p := purchasePage{Items: []purchase{}}
	if len(found) > limit { // products
		found = found[:limit]
		p.NextCursor = httpserver.EncodeCursor(found[limit-1].SKU)
	}
	for _, s := range found {
		for _, one := range s.Purchases {
			due := one.OrderedAt.Add(warehouse.LateAfter)
			if is := time.Now().After(due); is || !overdue {
				p.Items = append(p.Items, purchase{ID: one.ID, SKU: s.SKU, Warehouse: one.Warehouse, Quantity: one.Quantity,
					Received: one.Received, OrderedAt: one.OrderedAt, DueAt: due, Overdue: is})
			}
		}
	}
	c.JSON(http.StatusOK, p)
}
