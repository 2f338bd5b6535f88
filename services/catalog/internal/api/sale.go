package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"orderflow.example/services/catalog"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/service"
)

type saleRequest struct {
	Items []saleItem `json:"items" minItems:"1" maxItems:"200" nullable:"false"`
}

type saleItem struct {
	SKU       string `json:"sku" text:"code" minLength:"1" maxLength:"64"`
	Withdrawn bool   `json:"withdrawn" doc:"true: new orders for it are refused, open ones go on. false: it is for sale again"`
	Reason    string `json:"reason,omitempty" maxLength:"200" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters"`
}

// saleAnswer counts the items; those unchanged were so before.
type saleAnswer struct {
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
}

func registerSale(r *openapi.Routes, p Products) {
	openapi.Handle[openapi.Body[saleRequest], openapi.Body[saleAnswer]](r, huma.Operation{
		OperationID: "change-sale", Method: http.MethodPost, Path: Path + "/sale", Tags: []string{"Products"},
		Summary:     "Withdraw products from sale, or put them back",
		Description: "A withdrawn product stays withdrawn when it is listed again, as by an import of the catalogue.",
	}, func(c *gin.Context) { changeSale(c, p) })
}

// changeSale submits the items one by one. If some fail the others stay, and a retry does the rest.
func changeSale(c *gin.Context, p Products) {
	var r saleRequest
	if problem := httpserver.DecodeJSON(c, &r); problem != nil {
		httpserver.WriteProblem(c, problem)
		return
	}
	var faults []httpserver.Fault
	for i, it := range r.Items {
		found, err := p.Product(c.Request.Context(), it.SKU)
		if err != nil {
			httpserver.WriteUnavailable(c, fmt.Errorf("read product: %w", err))
			return
		}
		if !found.Listed {
			faults = httpserver.AddFaults(faults, httpserver.Fault{Location: fmt.Sprintf("body.items[%d].sku", i),
				Detail: "no product of this SKU was ever listed"})
		}
	}
	if faults != nil {
		httpserver.WriteProblem(c, httpserver.Invalid(faults...))
		return
	}
	changed := make([]bool, len(r.Items))
	problem := service.SubmitAll(c, len(r.Items), func(ctx context.Context, i int) error {
		it := r.Items[i]
		emitted, err := p.Submit(ctx, it.SKU, catalog.ChangeSale.Of(catalog.Sale{Withdrawn: it.Withdrawn, Reason: it.Reason}))
		changed[i] = len(emitted) > 0
		return err
	})
	if problem != nil {
		httpserver.WriteProblem(c, problem)
		return
	}
	var a saleAnswer
	for _, yes := range changed {
		if yes {
			a.Changed++
		} else {
			a.Unchanged++
		}
	}
	openapi.Changed(c, nil, a)
	c.JSON(http.StatusOK, a)
}

// Check finds duplicate SKUs.
func (r *saleRequest) Check() (faults []httpserver.Fault) {
	seen := make(map[string]int, len(r.Items))
	for i, it := range r.Items {
		if first, twice := seen[it.SKU]; twice {
			faults = append(faults, httpserver.Fault{Location: fmt.Sprintf("body.items[%d].sku", i),
				Detail: fmt.Sprintf("items[%d] is about the same SKU", first)})
		} else {
			seen[it.SKU] = i
		}
	}
	return faults
}
