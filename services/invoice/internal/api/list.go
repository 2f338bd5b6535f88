package api

import (
	"context"

	"orderflow.example/services/invoice"
)

// DocumentMoney is an amount as clients read it.
type DocumentMoney struct {
	Amount   int64  `json:"amount" doc:"Minor units: pence, cents"`
	Currency string `json:"currency" doc:"ISO 4217" example:"GBP"`
}

// ListedInvoice is an invoice in the list; get-numbered-invoice reads the document.
type ListedInvoice struct {
	Number      string             `json:"number" example:"INV-2026-000042"`
	IssuedOn    string             `json:"issued_on" format:"date"`
	Amount      DocumentMoney      `json:"amount" doc:"Tax included"`
	Tax         DocumentMoney      `json:"tax"`
	ShipmentID  string             `json:"shipment_id,omitempty" doc:"The parcel that it is for, where the order leaves in several"`
	CreditNotes []ListedCreditNote `json:"credit_notes" nullable:"false" doc:"That correct it, in order of issue"`
}

// ListedCreditNote is a credit note in the list; get-credit-note reads the document.
type ListedCreditNote struct {
	Number   string        `json:"number" example:"CN-2026-000007"`
	IssuedOn string        `json:"issued_on" format:"date"`
	Amount   DocumentMoney `json:"amount" doc:"Tax included"`
	Tax      DocumentMoney `json:"tax"`
	RefundID string        `json:"refund_id" doc:"The refund it is about"`
}

type invoiceList struct {
	Body struct {
		Items []ListedInvoice `json:"items" nullable:"false"`
	}
}

type listInput struct {
	ID string `path:"id" doc:"The order's id"`
}

func (h handlers) invoices(ctx context.Context, in *listInput) (*invoiceList, error) {
	i, err := h.own(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &invoiceList{}
	out.Body.Items = []ListedInvoice{}
	for _, d := range i.Invoices() {
		out.Body.Items = append(out.Body.Items, view(i, d))
	}
	return out, nil
}

func view(i invoice.Invoice, d invoice.Issued) ListedInvoice {
	v := ListedInvoice{Number: d.Number, IssuedOn: d.IssuedOn, Amount: DocumentMoney(d.Amount), Tax: tax(d),
		CreditNotes: []ListedCreditNote{}}
	of, _, _ := i.Document(d.Number)
	v.ShipmentID = of.ShipmentID
	for _, n := range of.CreditNotes {
		v.CreditNotes = append(v.CreditNotes, ListedCreditNote{Number: n.Number, IssuedOn: n.IssuedOn,
			Amount: DocumentMoney(n.Amount), Tax: tax(n), RefundID: n.RefundID})
	}
	return v
}

func tax(d invoice.Issued) DocumentMoney {
	return DocumentMoney{Amount: d.Tax, Currency: d.Amount.Currency}
}
