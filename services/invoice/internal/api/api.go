// Package api serves a customer's invoices and credit notes: as PDF, and as UBL for machines. They are written when they are
// asked for, from rows that never change.
package api

import (
	"context"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"orderflow.example/services/invoice"
	"orderflow.example/services/invoice/internal/document"
	"orderflow.example/services/invoice/internal/pdf"
	"orderflow.example/services/invoice/internal/ubl"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/service"
)

// Reader reads what the API shows. *store.Reader implements it.
type Reader interface {
	Invoice(ctx context.Context, customer, order string) (invoice.Invoice, bool, error)
	Products(ctx context.Context, skus []string) (map[string]invoice.Product, error)
}

// The media types of a document.
const (
	asPDF = "application/pdf"
	asUBL = "application/xml"
)

type invoiceInput struct {
	ID     string `path:"id" doc:"The order's id"`
	Accept string `header:"Accept" doc:"application/pdf, or application/xml for UBL 2.1"`
}

type numberedInput struct {
	ID     string `path:"id" doc:"The order's id"`
	Number string `path:"number" maxLength:"40" doc:"The number of the invoice" example:"INV-2026-000042"`
	Accept string `header:"Accept" doc:"application/pdf, or application/xml for UBL 2.1"`
}

type creditNoteInput struct {
	ID     string `path:"id" doc:"The order's id"`
	N      string `path:"n" maxLength:"40" doc:"The number of the credit note, or which of the order's it is, from 1 on" example:"1"`
	Accept string `header:"Accept" doc:"application/pdf, or application/xml for UBL 2.1"`
}

type file struct {
	ContentType  string `header:"Content-Type"`
	Disposition  string `header:"Content-Disposition"`
	CacheControl string `header:"Cache-Control"`
	Vary         string `header:"Vary"`
	Body         []byte
}

type handlers struct{ Reader }

// Register adds the routes to the customers' API, which checks tokens.
func Register(api huma.API, r Reader) {
	h := handlers{r}
	huma.Register(api, operation("get-invoice", "/v1/orders/{id}/invoice", "Read the invoice of one of your orders",
		"There is one as soon as the order is paid: where it leaves in several parcels one for each, and this is the first."),
		h.invoice)
	listing := huma.Operation{
		OperationID: "list-invoices", Method: http.MethodGet, Path: "/v1/orders/{id}/invoices", Tags: []string{"Orders"},
		Summary: "List the invoices of one of your orders", Security: openapi.Bearer,
		Description: "One for each parcel as soon as that is paid, in the order in which they were issued, with their credit notes.",
		Errors:      []int{http.StatusUnauthorized, http.StatusNotFound},
	}
	huma.Register(api, listing, h.invoices)
	huma.Register(api, operation("get-numbered-invoice", "/v1/orders/{id}/invoices/{number}",
		"Read one of the invoices of one of your orders", "There is one for each parcel as soon as that is paid."), h.numbered)
	huma.Register(api, operation("get-credit-note", "/v1/orders/{id}/credit-notes/{n}", "Read a credit note of one of your orders",
		"There is one for each refund."), h.creditNote)
}

func operation(id, path, summary, when string) huma.Operation {
	binary := &huma.Schema{Type: huma.TypeString, Format: "binary"}
	return huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: path, Tags: []string{"Orders"}, Summary: summary,
		Description: when + " The same one always has the same bytes.", Security: openapi.Bearer,
		Errors: []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusNotAcceptable},
		Responses: map[string]*huma.Response{"200": {Description: "The document",
			Content: map[string]*huma.MediaType{asPDF: {Schema: binary}, asUBL: {Schema: &huma.Schema{Type: huma.TypeString}}}}},
	}
}

func (h handlers) invoice(ctx context.Context, in *invoiceInput) (*file, error) {
	i, err := h.own(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	all := i.Invoices()
	if len(all) == 0 {
		return nil, httpserver.NotFound("this order has no invoice yet: it is issued when the payment is taken")
	}
	return h.numbered(ctx, &numberedInput{ID: in.ID, Number: all[0].Number, Accept: in.Accept})
}

func (h handlers) numbered(ctx context.Context, in *numberedInput) (*file, error) {
	i, err := h.own(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if of, d, found := i.Document(in.Number); found && !d.Corrects() {
		return h.write(ctx, of, d, in.Accept)
	}
	return nil, httpserver.NotFound("this order has no invoice of this number: list-invoices has their numbers")
}

func (h handlers) creditNote(ctx context.Context, in *creditNoteInput) (*file, error) {
	i, err := h.own(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	all := i.Notes()
	for n, note := range all {
		if in.N == note.Number || in.N == strconv.Itoa(n+1) {
			of, _, _ := i.Document(note.Number)
			return h.write(ctx, of, note, in.Accept)
		}
	}
	return nil, httpserver.NotFound("this order has no such credit note; it has " + strconv.Itoa(len(all)))
}

// own returns the caller's order of this id.
func (h handlers) own(ctx context.Context, id string) (invoice.Invoice, error) {
	absent := httpserver.NotFound("you have no such order, or it has no invoice yet")
	if parsed, err := uuid.Parse(id); err != nil || parsed.String() != id {
		return invoice.Invoice{}, absent
	}
	i, found, err := h.Invoice(ctx, httpserver.Subject(ctx), id)
	switch {
	case err != nil:
		return i, service.Unavailable(err)
	case !found:
		return i, absent
	}
	return i, nil
}

func (h handlers) write(ctx context.Context, i invoice.Invoice, issued invoice.Issued, accept string) (*file, error) {
	kind := wanted(accept)
	if kind == "" {
		return nil, httpserver.NewProblem(http.StatusNotAcceptable, "not-acceptable", "there is "+asPDF+" and "+asUBL)
	}
	var skus []string
	for _, l := range issued.Lines {
		skus = append(skus, l.SKU)
	}
	products, err := h.Products(ctx, skus)
	if err != nil {
		return nil, service.Unavailable(err)
	}
	d := document.Of(i, issued, products)
	f := &file{ContentType: kind, CacheControl: "private, no-cache", Vary: "Accept"}
	name := d.Number + ".pdf"
	if kind == asUBL {
		f.Body, name = ubl.Write(d), d.Number+".xml"
	} else {
		f.Body = pdf.Draw(d)
	}
	f.Disposition = mime.FormatMediaType("inline", map[string]string{"filename": name})
	return f, nil
}

// wanted is the media type that the caller accepts, by RFC 9110; PDF where both are as good; empty if neither is.
func wanted(accept string) string {
	if strings.TrimSpace(accept) == "" {
		return asPDF
	}
	if quality(accept, asUBL) > quality(accept, asPDF) {
		return asUBL
	}
	if quality(accept, asPDF) > 0 {
		return asPDF
	}
	return ""
}

// quality is how much a media type is wanted: that of the most specific range it is in.
func quality(accept, kind string) (q float64) {
	best := 0
	major, _, _ := strings.Cut(kind, "/")
	for one := range strings.SplitSeq(accept, ",") {
		asked, parameters, err := mime.ParseMediaType(strings.TrimSpace(one))
		if err != nil {
			continue
		}
		specific := map[string]int{"*/*": 1, major + "/*": 2, kind: 3}[asked]
		if specific <= best {
			continue
		}
		best, q = specific, 1
		if text, given := parameters["q"]; given {
			if q, err = strconv.ParseFloat(text, 64); err != nil {
				q = 0
			}
		}
	}
	return q
}
