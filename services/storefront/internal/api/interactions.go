package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	event "orderflow.example/schemas/storefront"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/service"
)

// NewInteraction is what a visitor did.
type NewInteraction struct {
	Kind    string `json:"kind" enum:"view,cart,search"`
	SKU     string `json:"sku,omitempty" text:"code" maxLength:"64" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters" example:"85123A" doc:"The product; not of a search"`
	Query   string `json:"query,omitempty" maxLength:"200" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters" doc:"What was searched for"`
	Visitor string `json:"visitor,omitempty" maxLength:"128" pattern:"^[A-Za-z0-9_.-]*$" patternDescription:"letters, digits, dots, dashes and underscores" doc:"A guest, by an id of the shop's choosing; with a token it is the customer"`
	At      string `json:"at,omitempty" maxLength:"40" doc:"When, in RFC 3339; now where it is missing" example:"2026-03-01T09:30:04Z"`
}

// clocks may differ by this.
const clocks = 5 * time.Minute

// Check finds the faults that tags cannot express.
func (i *NewInteraction) Check() (faults []httpserver.Fault) {
	fault := func(field, detail string) {
		faults = append(faults, httpserver.Fault{Location: "body." + field, Detail: detail})
	}
	switch search := i.Kind == event.InteractionSearch; {
	case i.Kind == "": // it is missing
	case search && i.Query == "":
		fault("query", "a search has a query")
	case search && i.SKU != "":
		fault("sku", "a search is about no product")
	case !search && i.SKU == "":
		fault("sku", "it is about a product")
	case !search && i.Query != "":
		fault("query", "only a search has a query")
	}
	if i.At != "" {
		at, err := time.Parse(time.RFC3339, i.At)
		switch {
		case err != nil:
			fault("at", "want a time of RFC 3339, as 2026-03-01T09:30:04Z")
		case at.After(time.Now().Add(clocks)):
			fault("at", "this time is still to come")
		}
	}
	return faults
}

type interactionInput struct {
	Body NewInteraction
}

func (h *handlers) interactions(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "record-interaction", Method: http.MethodPost, Path: "/v1/interactions", Tags: []string{"Products"},
		Summary: "Tell what a visitor looks at", DefaultStatus: http.StatusAccepted, Security: openapi.OptionalBearer,
		Description: "Recommendations for the visitor follow from it. It is taken, not kept safely: where many come at once only a " +
			"sample is recorded.",
		Errors: []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, h.recordInteraction)
}

func (h *handlers) recordInteraction(ctx context.Context, in *interactionInput) (*struct{}, error) {
	i := event.Interaction{Kind: in.Body.Kind, SKU: in.Body.SKU, Query: in.Body.Query, At: in.Body.At}
	visitor := "guest:" + in.Body.Visitor
	switch customer := httpserver.Subject(ctx); {
	case customer != "":
		visitor = "customer:" + customer
	case in.Body.Visitor == "":
		return nil, httpserver.Invalid(httpserver.Fault{Location: "body.visitor", Detail: "without a token a visitor is needed"})
	}
	if i.At == "" {
		i.At = time.Now().UTC().Format(time.RFC3339)
	}
	if p := service.Refused(event.InteractionsRecorded,
		event.InteractionsRecordedV1{Interactions: []event.Interaction{i}}); p != nil {
		return nil, p
	}
	if i.SKU != "" {
		terms, err := h.Reader.Terms(ctx, []string{i.SKU})
		if err != nil {
			return nil, service.Unavailable(err)
		}
		if _, known := terms[i.SKU]; !known {
			return nil, httpserver.Invalid(httpserver.Fault{Location: "body.sku", Detail: "there is no such product"})
		}
	}
	h.Interact(visitor, i)
	return nil, nil
}
