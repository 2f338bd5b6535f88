package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/inventory"
	"orderflow.example/services/inventory"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

type countRequest struct {
	Items []countItem `json:"items" minItems:"1" maxItems:"200" nullable:"false"`
}

type countItem struct {
	SKU       string `json:"sku" text:"code" minLength:"1" maxLength:"64"`
	Warehouse string `json:"warehouse" text:"code" minLength:"1" maxLength:"64"`
	Counted   int64  `json:"counted" minimum:"0" maximum:"1000000000" doc:"Pieces in the warehouse, those in parcels that have not left included"`
	Expected  *int64 `json:"expected,omitempty" nullable:"false" minimum:"0" maximum:"1000000000" doc:"What was on hand by the books when the counting began. If that has changed meanwhile, nothing is booked: count again"`
	Reason    string `json:"reason,omitempty" maxLength:"200" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters" doc:"Why it differs, if that is known"`
}

type countAnswer struct {
	Items []counted `json:"items" nullable:"false"`
}

// counted is what became of one count.
type counted struct {
	SKU        string `json:"sku"`
	Warehouse  string `json:"warehouse"`
	Outcome    string `json:"outcome" enum:"booked,repeated,changed" doc:"repeated: an earlier try of the request booked it. changed: the books say something else than expected, and nothing was booked"`
	Expected   int64  `json:"expected" doc:"On hand by the books before; after, if nothing was booked now"`
	Difference int64  `json:"difference" doc:"Booked at once"`
	Missing    int64  `json:"missing" doc:"Set aside for orders and not there. The newest of these orders are cancelled unless their parcels have left; then it is written off. The others keep their goods"`
}

func registerCounts(r *openapi.Routes, keys *idempotency.Keys, reader Reader, submit Submit) {
	op := huma.Operation{OperationID: "count-stock", Method: http.MethodPost, Path: "/v1/stock/counts", Tags: []string{"Stock"},
		Summary:     "Say how many pieces were counted",
		Description: "What differs from the books becomes a movement. Goods that are new in a warehouse are received, not counted."}
	openapi.TakesKey(&op, false)
	openapi.Handle[openapi.Body[countRequest], openapi.Body[countAnswer]](r, op,
		keys.Handler(idempotency.Rule{}, func(c *gin.Context) { count(c, reader, submit) }))
}

// count submits the items one by one, each once for its request. If some fail the others stay, and a retry of the same request
// submits the rest.
func count(c *gin.Context, reader Reader, submit Submit) {
	var r countRequest
	if problem := httpserver.DecodeJSON(c, &r); problem != nil {
		httpserver.WriteProblem(c, problem)
		return
	}
	asked := idempotency.Of(c.Request.Context())
	if !asked.IsRepeated() {
		faults, err := unknown(c.Request.Context(), reader, r.Items)
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
	a := countAnswer{Items: make([]counted, len(r.Items))}
	problem := service.SubmitAll(c, len(r.Items), func(ctx context.Context, i int) error {
		it := r.Items[i]
		command := inventory.Count{ID: asked.ID() + "/" + it.Warehouse, Warehouse: it.Warehouse, Counted: it.Counted,
			Expected: it.Expected, Reason: it.Reason, Request: (*schemas.Request)(asked.Origin())}
		after, emitted, err := submit(ctx, it.SKU, inventory.CountStock.Of(command))
		a.Items[i] = outcome(it, command.ID, after, emitted)
		return err
	})
	if problem != nil {
		httpserver.WriteProblem(c, problem)
		return
	}
	openapi.Changed(c, nil, a)
	c.JSON(http.StatusOK, a)
}

func outcome(it countItem, id string, after inventory.State, emitted []saga.Event) counted {
	o := counted{SKU: it.SKU, Warehouse: it.Warehouse, Outcome: "changed"}
	for _, e := range emitted {
		if d, is := e.Data.(event.CountedV1); is {
			o.Outcome, o.Expected, o.Difference, o.Missing = "booked", d.Expected, d.Difference, d.Missing
			return o
		}
	}
	if slices.Contains(after.Receipts, id) {
		o.Outcome = "repeated"
	}
	for _, l := range after.Levels.Of(it.SKU) {
		if l.Warehouse == it.Warehouse {
			o.Expected = l.OnHand
		}
	}
	return o
}

// unknown finds SKUs that were never received, and warehouses where they never were.
func unknown(ctx context.Context, reader Reader, items []countItem) (faults []httpserver.Fault, err error) {
	skus := make([]string, len(items))
	for i, it := range items {
		skus[i] = it.SKU
	}
	levels, err := reader.Levels(ctx, skus...)
	if err != nil {
		return nil, err
	}
	for i, it := range items {
		var places []string
		for _, l := range levels.Of(it.SKU) {
			places = append(places, l.Warehouse)
		}
		switch {
		case places == nil:
			faults = httpserver.AddFaults(faults, httpserver.Fault{Location: fmt.Sprintf("body.items[%d].sku", i),
				Detail: "no goods of this SKU were ever received: if there are some, receive them with POST /v1/stock/receipts"})
		case !slices.Contains(places, it.Warehouse):
			faults = httpserver.AddFaults(faults, httpserver.Fault{Location: fmt.Sprintf("body.items[%d].warehouse", i),
				Detail: "this SKU was never in this warehouse, only in " + strings.Join(places, ", ") +
					": if there are some, receive them with POST /v1/stock/receipts"})
		}
	}
	return faults, nil
}

// Check finds duplicate items.
func (r *countRequest) Check() (faults []httpserver.Fault) {
	type shelf struct{ sku, warehouse string }
	seen := make(map[shelf]int, len(r.Items))
	for i, it := range r.Items {
		if first, twice := seen[shelf{it.SKU, it.Warehouse}]; twice {
			faults = append(faults, httpserver.Fault{Location: fmt.Sprintf("body.items[%d]", i),
				Detail: fmt.Sprintf("items[%d] is about the same SKU and warehouse", first)})
		} else {
			seen[shelf{it.SKU, it.Warehouse}] = i
		}
	}
	return faults
}
