// Package api is the warehouse service's HTTP API for operators: receiving goods.
package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"orderflow.example/schemas"
	"orderflow.example/services/warehouse"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

// Submit has the engine decide a command about a SKU and returns the events emitted, once they are committed.
type Submit func(ctx context.Context, sku string, command saga.Event) (emitted []saga.Event, err error)

// Path is the route of receipts. BodyLimit is the size of a request with MaxItems of the longest items.
const (
	Path      = "/v1/stock/receipts"
	MaxItems  = 5000
	BodyLimit = 4 << 20
)

type request struct {
	Items []item `json:"items" minItems:"1" maxItems:"5000" nullable:"false"`
}

type item struct {
	SKU          string `json:"sku" text:"code" minLength:"1" maxLength:"64"`
	Warehouse    string `json:"warehouse" text:"code" minLength:"1" maxLength:"64"`
	Quantity     int64  `json:"quantity" minimum:"1" maximum:"1000000000"`
	ReorderPoint *int64 `json:"reorder_point,omitempty" nullable:"false" minimum:"0" maximum:"1000000000"`
	Unlisted     bool   `json:"unlisted,omitempty" doc:"The goods come before their product is listed: an unknown SKU is not refused"`
}

// answer counts the items. Repeated ones were committed by an earlier try of the request that was not answered.
type answer struct {
	Received int `json:"received"`
	Repeated int `json:"repeated"`
}

// Reader reads what the API shows. *store.Reader implements it.
type Reader interface {
	Unknown(ctx context.Context, skus []string) ([]string, error)
	// Open are the products after that SKU of which something is ordered, by SKU; before that time unless it is zero.
	Open(ctx context.Context, after string, before time.Time, limit int) ([]warehouse.Supply, error)
}

// Warehouses are the names of those that there are; none: any name is one.
type Warehouses []string

// Register adds the route.
func Register(r *openapi.Routes, keys *idempotency.Keys, reader Reader, there Warehouses, submit Submit) {
	registerPurchases(r, reader)
	op := huma.Operation{OperationID: "receive-stock", Method: http.MethodPost, Path: Path, Tags: []string{"Stock"},
		Summary: "Say that goods came in",
		Description: "Of a product that is not in the catalogue goods are refused, unless the item says that they are unlisted; so " +
			"are those in an unknown warehouse, where the warehouses are configured. Then nothing is received."}
	openapi.TakesKey(&op, false)
	openapi.Handle[openapi.Body[request], openapi.Body[answer]](r, op,
		keys.Handler(idempotency.Rule{}, func(c *gin.Context) { receive(c, reader, there, submit) }))
}

// receive submits the items one by one, each once for its request, SKU and warehouse. If some fail the others stay, and a retry
// of the same request submits the rest.
func receive(c *gin.Context, reader Reader, there Warehouses, submit Submit) {
	var r request
	if problem := httpserver.DecodeJSON(c, &r); problem != nil {
		httpserver.WriteProblem(c, problem)
		return
	}
	asked := idempotency.Of(c.Request.Context())
	if !asked.IsRepeated() { // the first time decided, and may have received a part
		faults, err := unknown(c.Request.Context(), reader, there, r.Items)
		switch {
		case err != nil:
			httpserver.WriteUnavailable(c, err)
			return
		case faults != nil:
			httpserver.WriteProblem(c, httpserver.Invalid(faults...))
			return
		}
	}
	if problem := asked.Begin(c.Request.Context()); problem != nil {
		httpserver.WriteProblem(c, problem)
		return
	}
	repeated := make([]bool, len(r.Items))
	problem := service.SubmitAll(c, len(r.Items), func(ctx context.Context, i int) error {
		it := r.Items[i]
		emitted, err := submit(ctx, it.SKU, warehouse.ReceiveStock.Of(warehouse.Receipt{
			ID: asked.ID() + "/" + it.Warehouse, Warehouse: it.Warehouse, Quantity: it.Quantity, ReorderPoint: it.ReorderPoint,
			Request: (*schemas.Request)(asked.Origin())}))
		repeated[i] = len(emitted) == 0
		return err
	})
	if problem != nil {
		httpserver.WriteProblem(c, problem)
		return
	}
	var a answer
	for _, again := range repeated {
		if again {
			a.Repeated++
		} else {
			a.Received++
		}
	}
	openapi.Changed(c, nil, a)
	c.JSON(http.StatusOK, a)
}

// Check finds duplicate items.
func (r *request) Check() (faults []httpserver.Fault) {
	type shelf struct{ sku, warehouse string }
	seen := make(map[shelf]int, len(r.Items))
	for i, it := range r.Items {
		if first, twice := seen[shelf{it.SKU, it.Warehouse}]; twice {
			faults = append(faults, httpserver.Fault{Location: fmt.Sprintf("body.items[%d]", i),
				Detail: fmt.Sprintf("items[%d] is about the same SKU and warehouse; add them up", first)})
		} else {
			seen[shelf{it.SKU, it.Warehouse}] = i
		}
	}
	return faults
}
