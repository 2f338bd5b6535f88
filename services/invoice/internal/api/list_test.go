package api

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/invoice"
	"orderflow.example/services/invoice"
)

const order = "019e5a3b-9c12-7a40-b2d1-5e6f70819007"

// shelf has one order.
type shelf struct{ of invoice.Invoice }

func (s shelf) Invoice(context.Context, string, string) (invoice.Invoice, bool, error) {
	return s.of, true, nil
}

func (s shelf) Products(context.Context, []string) (map[string]invoice.Product, error) {
	return nil, nil
}

// issued is a document of an order.
func issued(number, refund string, pence int64) invoice.Issued {
	return invoice.Issued{RefundID: refund, Document: event.Document{Number: number, IssuedOn: "2026-11-27", Country: "GB",
		Category: "S", Rate: 2000, Tax: 1, Amount: schemas.Money{Amount: pence, Currency: "GBP"}, Seller: invoice.Standard().Seller,
		Lines: []event.Line{{SKU: "A", Quantity: 1, UnitPrice: pence, Tax: 1}}}}
}

func part(shipment, number string, pence int64, notes ...invoice.Issued) invoice.Part {
	d := issued(number, "", pence)
	return invoice.Part{ShipmentID: shipment, Issued: &d, CreditNotes: notes}
}

func TestAllInvoicesOfAnOrderAreListedAndEachIsReadByItsNumber(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := handlers{shelf{invoice.Invoice{Order: order, Parcels: []invoice.Part{
		part("s1", "INV-2026-000009", 600, issued("CN-2026-000002", "r2", 50), issued("CN-2026-000003", "r3", 60)),
		part("s2", "INV-2026-000008", 400, issued("CN-2026-000001", "r1", 40)),
	}}}}
	got, err := h.invoices(ctx, &listInput{order})
	if err != nil {
		t.Fatal(err)
	}
	items := got.Body.Items
	if len(items) != 2 || items[0].Number != "INV-2026-000008" || items[0].ShipmentID != "s2" || items[0].Amount.Amount != 400 {
		t.Fatalf("listed %+v", items)
	}
	if notes := items[1].CreditNotes; len(notes) != 2 || notes[1].Number != "CN-2026-000003" || notes[1].RefundID != "r3" {
		t.Errorf("listed %+v", items)
	}
	says := func(f *file, err error, parts ...string) {
		t.Helper()
		if err != nil {
			t.Error(err)
			return
		}
		for _, part := range parts {
			if !strings.Contains(string(f.Body), part) {
				t.Errorf("%q is not in %s", part, f.Body)
			}
		}
	}
	f, err := h.invoice(ctx, &invoiceInput{ID: order, Accept: asUBL})
	says(f, err, "INV-2026-000008")
	for _, n := range []string{"INV-2026-000008", "INV-2026-000009"} {
		f, err := h.numbered(ctx, &numberedInput{ID: order, Number: n, Accept: asUBL})
		says(f, err, n)
	}
	for n, want := range map[string][]string{"1": {"CN-2026-000001", "INV-2026-000008"}, "3": {"CN-2026-000003", "INV-2026-000009"},
		"CN-2026-000002": {"CN-2026-000002", "INV-2026-000009"}} {
		f, err := h.creditNote(ctx, &creditNoteInput{ID: order, N: n, Accept: asUBL})
		says(f, err, want...)
	}
	_, absent := h.numbered(ctx, &numberedInput{ID: order, Number: "INV-2026-000007", Accept: asUBL})
	_, fourth := h.creditNote(ctx, &creditNoteInput{ID: order, N: "4", Accept: asUBL})
	for _, err := range []error{absent, fourth} {
		if e := huma.StatusError(nil); !errors.As(err, &e) || e.GetStatus() != 404 {
			t.Error(err)
		}
	}
}

func TestAnOrderThatLeavesInOneParcelHasOneInvoiceInTheList(t *testing.T) {
	t.Parallel()
	h := handlers{shelf{invoice.Invoice{Order: order, Part: part("", "INV-2026-000001", 600)}}}
	got, err := h.invoices(t.Context(), &listInput{order})
	if err != nil || len(got.Body.Items) != 1 || got.Body.Items[0].ShipmentID != "" ||
		got.Body.Items[0].Number != "INV-2026-000001" {
		t.Errorf("%+v %v", got, err)
	}
	h = handlers{shelf{invoice.Blank(order)}}
	if _, err := h.invoice(t.Context(), &invoiceInput{ID: order}); err == nil {
		t.Error("it has an invoice before it is paid")
	}
}
