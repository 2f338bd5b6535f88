// Package api serves the labels of parcels and returns as PDF: to customers their own, to operators all. They are drawn when they
// are asked for, from rows.
package api

import (
	"context"
	"mime"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"orderflow.example/schemas"
	"orderflow.example/services/shipping"
	"orderflow.example/services/shipping/internal/label"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/service"
)

// Reader reads what the API shows. *store.Reader implements it.
type Reader interface {
	Own(ctx context.Context, customer, order string) (shipping.Shipment, bool, error)
	Any(ctx context.Context, order string) (shipping.Shipment, bool, error)
}

const asPDF = "application/pdf"

type input struct {
	ID       string `path:"id" doc:"The order's id"`
	Shipment string `path:"shipment" doc:"The id of one of its shipments, or of a return"`
}

type file struct {
	ContentType  string `header:"Content-Type"`
	Disposition  string `header:"Content-Disposition"`
	CacheControl string `header:"Cache-Control"`
	Body         []byte
}

func operation(id, path, summary string) huma.Operation {
	binary := &huma.Schema{Type: huma.TypeString, Format: "binary"}
	return huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: path, Tags: []string{"Orders"}, Summary: summary,
		Description: "There is one from when its label is bought until the label is voided; of a return, once it is authorised. The " +
			"same one always has the same bytes. Its barcode is the tracking number in Code 128.",
		Errors: []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusServiceUnavailable},
		Responses: map[string]*huma.Response{"200": {Description: "The label, on a page of A6",
			Content: map[string]*huma.MediaType{asPDF: {Schema: binary}}}},
	}
}

// Register adds the route to the customers' API, which checks tokens.
func Register(api huma.API, r Reader, sender schemas.Address) {
	op := operation("get-label", "/v1/orders/{id}/shipments/{shipment}/label",
		"Read the label of a parcel, or of a return, of one of your orders")
	op.Security = openapi.Bearer
	huma.Register(api, op, func(ctx context.Context, in *input) (*file, error) {
		s, found, err := shipping.Shipment{}, false, error(nil)
		if isOrder(in.ID) {
			s, found, err = r.Own(ctx, httpserver.Subject(ctx), in.ID)
		}
		if err != nil {
			return nil, service.Unavailable(err)
		}
		f, problem := draw(s, found, in.Shipment, sender)
		if problem != nil {
			return nil, problem
		}
		return f, nil
	})
}

// RegisterOperators adds the route to the operators' listener: the warehouse prints from there.
func RegisterOperators(routes *openapi.Routes, r Reader, sender schemas.Address) {
	op := operation("get-any-label", "/v1/orders/:id/shipments/:shipment/label", "Read the label of a parcel, or of a return")
	openapi.Handle[input, struct{ Body []byte }](routes, op, func(c *gin.Context) {
		s, found, err := shipping.Shipment{}, false, error(nil)
		if isOrder(c.Param("id")) {
			s, found, err = r.Any(c.Request.Context(), c.Param("id"))
		}
		if err != nil {
			httpserver.WriteUnavailable(c, err)
			return
		}
		f, problem := draw(s, found, c.Param("shipment"), sender)
		if problem != nil {
			httpserver.WriteProblem(c, problem)
			return
		}
		c.Header("Content-Disposition", f.Disposition)
		c.Header("Cache-Control", f.CacheControl)
		c.Data(http.StatusOK, f.ContentType, f.Body)
	})
}

func isOrder(id string) bool {
	parsed, err := uuid.Parse(id)
	return err == nil && parsed.String() == id
}

func draw(s shipping.Shipment, found bool, id string, sender schemas.Address) (*file, *httpserver.Problem) {
	if !found {
		return nil, httpserver.NotFound("there is no such order, or it has no parcel yet")
	}
	printed := s.Print(id, sender)
	if printed == nil {
		return nil, httpserver.NotFound("this order has no such parcel or return with a label: it is not bought yet, or was voided")
	}
	return &file{ContentType: asPDF, CacheControl: "private, no-cache", Body: label.Draw(*printed),
		Disposition: mime.FormatMediaType("inline", map[string]string{"filename": "label-" + printed.TrackingNumber + ".pdf"})}, nil
}
