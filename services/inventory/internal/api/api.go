// Package api is what operators may ask the inventory service over HTTP: the level of a SKU. It is no part of the shop;
// customers see availability in the storefront.
package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"orderflow.example/services/inventory"
	"orderflow.example/shared/httpserver"
)

// Levels reads the levels of a SKU, by warehouse; none for a SKU that was never received.
type Levels func(ctx context.Context, sku string) (inventory.Levels, error)

// Register adds the route. A SKU may contain slashes.
func Register(s *httpserver.Server, auth *httpserver.Auth, levels Levels) {
	s.Engine().GET("/v1/stock/*sku", auth.RequireOperator(), func(c *gin.Context) { stock(c, levels) })
}

// amounts are pieces. Available is on hand less reserved.
type amounts struct {
	OnHand    int64 `json:"on_hand"`
	Reserved  int64 `json:"reserved"`
	Available int64 `json:"available"`
	OnOrder   int64 `json:"on_order"`
}

type answer struct {
	SKU string `json:"sku"`
	amounts
	Warehouses []warehouse `json:"warehouses"`
}

type warehouse struct {
	Warehouse string `json:"warehouse"`
	amounts
	ReorderPoint int64 `json:"reorder_point"`
}

func stock(c *gin.Context, levels Levels) {
	sku := strings.TrimPrefix(c.Param("sku"), "/")
	found, err := levels(c.Request.Context(), sku)
	if err != nil {
		_ = c.Error(err)
		httpserver.WriteProblem(c, httpserver.Unavailable())
		return
	}
	if len(found) == 0 {
		httpserver.WriteProblem(c, httpserver.NotFound("no goods of this SKU were ever received"))
		return
	}
	a := answer{SKU: sku}
	for _, l := range found {
		w := warehouse{l.Warehouse, amounts{l.OnHand, l.Reserved, l.Available(), l.OnOrder}, l.ReorderPoint}
		a.OnHand, a.Reserved = a.OnHand+w.OnHand, a.Reserved+w.Reserved
		a.Available, a.OnOrder = a.Available+w.Available, a.OnOrder+w.OnOrder
		a.Warehouses = append(a.Warehouses, w)
	}
	c.JSON(http.StatusOK, a)
}
