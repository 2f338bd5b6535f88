// Package api is the inventory service's HTTP API for operators: the level of a SKU. It is no part of the shop; customers see
// availability in the storefront.
package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"orderflow.example/services/inventory"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
)

// Levels reads the levels of a SKU, by warehouse; none for a SKU that was never received.
type Levels func(ctx context.Context, sku string) (inventory.Levels, error)

// Register adds the route. A SKU may contain slashes.
func Register(r *openapi.Routes, levels Levels) {
	openapi.Handle[struct {
		SKU string `path:"sku" minLength:"1" maxLength:"64" doc:"May contain slashes"`
	}, openapi.Body[answer]](r, huma.Operation{
		OperationID: "get-stock", Method: http.MethodGet, Path: "/v1/stock/*sku", Tags: []string{"Stock"},
		Summary: "Read how much there is of a SKU, in all and by warehouse",
	}, func(c *gin.Context) { stock(c, levels) })
}

// Amounts are pieces. Available is on hand less reserved.
type Amounts struct {
	OnHand    int64 `json:"on_hand"`
	Reserved  int64 `json:"reserved"`
	Available int64 `json:"available"`
	OnOrder   int64 `json:"on_order"`
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

func stock(c *gin.Context, levels Levels) {
	sku := strings.TrimPrefix(c.Param("sku"), "/")
	found, err := levels(c.Request.Context(), sku)
	if err != nil {
		httpserver.WriteUnavailable(c, err)
		return
	}
	if len(found) == 0 {
		httpserver.WriteProblem(c, httpserver.NotFound("no goods of this SKU were ever received"))
		return
	}
	a := answer{SKU: sku}
	for _, l := range found {
		w := warehouse{l.Warehouse, Amounts{l.OnHand, l.Reserved, l.Available(), l.OnOrder}, l.ReorderPoint}
		a.OnHand, a.Reserved = a.OnHand+w.OnHand, a.Reserved+w.Reserved
		a.Available, a.OnOrder = a.Available+w.Available, a.OnOrder+w.OnOrder
		a.Warehouses = append(a.Warehouses, w)
	}
	c.JSON(http.StatusOK, a)
}
