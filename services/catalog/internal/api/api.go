// Package api is the catalogue's HTTP API for operators: listing products, thousands at once, and reading one. Customers read
// products in the storefront.
package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/catalog"
	"orderflow.example/services/catalog"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

// Path is the route of listings. BodyLimit is the size of a request with MaxItems of the longest items.
const (
	Path      = "/v1/products"
	MaxItems  = 5000
	BodyLimit = 8 << 20
)

// Products is what the routes need.
type Products interface {
	// Submit has the engine decide a command about a SKU and returns the events emitted, once they are committed.
	Submit(ctx context.Context, sku string, command saga.Event) (emitted []saga.Event, err error)
	// Product reads one product, blank if there is none.
	Product(ctx context.Context, sku string) (catalog.Product, error)
}

type request struct {
	Items []item `json:"items" minItems:"1" maxItems:"5000" nullable:"false"`
}

type item struct {
	SKU           string `json:"sku" text:"code" minLength:"1" maxLength:"64"`
	Description   string `json:"description" minLength:"1" maxLength:"200"`
	Price         money  `json:"price"`
	Backorderable bool   `json:"backorderable" required:"false"`
}

// money is a price of at most 100,000,000.00, so that no order's total can overflow.
type money struct {
	Amount   int64  `json:"amount" minimum:"1" maximum:"10000000000"`
	Currency string `json:"currency" pattern:"^[A-Z]{3}$" patternDescription:"three capital letters, as in GBP"`
}

// answer counts the items by what was new: the product or its description, only its price, or nothing.
type answer struct {
	Listed    int `json:"listed"`
	Repriced  int `json:"repriced"`
	Unchanged int `json:"unchanged"`
}

// shown is a product as it is listed.
type shown struct {
	item
	Withdrawn bool `json:"withdrawn" doc:"From sale"`
}

// Register adds the routes. A SKU may contain slashes.
func Register(r *openapi.Routes, p Products) {
	registerSale(r, p)
	openapi.Handle[openapi.Body[request], openapi.Body[answer]](r, huma.Operation{
		OperationID: "list-products", Method: http.MethodPost, Path: Path, Tags: []string{"Products"},
		Summary:     "List products, or change their prices and descriptions",
		Description: "Sent again it lists what is not listed yet: what is listed already does not change.",
	}, func(c *gin.Context) { list(c, p) })
	openapi.Handle[struct {
		SKU string `path:"sku" minLength:"1" maxLength:"64" doc:"May contain slashes"`
	}, openapi.Body[shown]](r, huma.Operation{
		OperationID: "get-product", Method: http.MethodGet, Path: Path + "/*sku", Tags: []string{"Products"},
		Summary: "Read a product as it is listed",
	}, func(c *gin.Context) { show(c, p) })
}

// list submits the items one by one. If some fail the others stay, and a retry of the same request lists the rest: products
// listed already do not change.
func list(c *gin.Context, p Products) {
	var r request
	if problem := httpserver.DecodeJSON(c, &r); problem != nil {
		httpserver.WriteProblem(c, problem)
		return
	}
	said := make([][]saga.Event, len(r.Items))
	problem := service.SubmitAll(c, len(r.Items), func(ctx context.Context, i int) (err error) {
		it := r.Items[i]
		said[i], err = p.Submit(ctx, it.SKU, catalog.List.Of(catalog.Listing{
			Description: it.Description, Price: schemas.Money(it.Price), Backorderable: it.Backorderable}))
		return err
	})
	if problem != nil {
		httpserver.WriteProblem(c, problem)
		return
	}
	var a answer
	for _, events := range said {
		switch {
		case len(events) == 0:
			a.Unchanged++
		case events[0].Type == event.ProductListed.Name():
			a.Listed++
		default:
			a.Repriced++
		}
	}
	openapi.Changed(c, nil, a)
	c.JSON(http.StatusOK, a)
}

func show(c *gin.Context, p Products) {
	found, err := p.Product(c.Request.Context(), strings.TrimPrefix(c.Param("sku"), "/"))
	switch {
	case err != nil:
		httpserver.WriteUnavailable(c, fmt.Errorf("read product: %w", err))
	case !found.Listed:
		httpserver.WriteProblem(c, httpserver.NotFound("no product of this SKU was ever listed"))
	default:
		c.JSON(http.StatusOK, shown{item{SKU: found.SKU, Description: found.Description, Price: money(found.Price),
			Backorderable: found.Backorderable}, found.Withdrawn})
	}
}
