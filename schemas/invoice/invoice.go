// Package invoice holds the events of the invoice service: invoices and credit notes, each with its number.
package invoice

import (
	"orderflow.example/schemas"
	"orderflow.example/shared/saga"
)

var (
	Readied          = saga.Define[ReadiedV1]("invoice.readied.v1")
	Issued           = saga.Define[IssuedV1]("invoice.issued.v1")
	CreditNoteIssued = saga.Define[CreditNoteIssuedV1]("invoice.credit_note_issued.v1")
	Withheld         = saga.Define[WithheldV1]("invoice.withheld.v1")
)

// Events lists all events of the package.
var Events = []saga.Kind{
	Readied, Issued, CreditNoteIssued, Withheld,
}

// ReadiedV1: one of the things an invoice or a credit note needs is known: what was agreed with whom, what was captured, or
// a refund that came before the invoice.
type ReadiedV1 struct {
	By         string           `json:"by"` // confirmed, captured or refunded
	CustomerID string           `json:"customer_id,omitempty"`
	Buyer      *schemas.Address `json:"buyer,omitempty" x:"personal"`
	Lines      []Line           `json:"lines,omitempty"`
	Amount     *schemas.Money   `json:"amount,omitempty"` // with confirmed the total
	RefundID   string           `json:"refund_id,omitempty"`
	Reason     string           `json:"reason,omitempty"`

	// With refunded: the first refund that did not arrive, whose credit note this one pays.
	Instead string `json:"instead,omitempty" example:"019e5a44-2c3d-7b10-8e4f-5a6b7c8d9005"`

	ShipmentID string `json:"shipment_id,omitempty" example:"event-4712"` // the parcel, where the order leaves in several
}

// Line is a quantity of one product at its price per piece, tax included. One without a SKU is about the whole order: its
// text says what.
type Line struct {
	SKU       string `json:"sku,omitempty"`
	Text      string `json:"text,omitempty" example:"not_charged"` // a stable word: not_charged or refund
	Quantity  int64  `json:"quantity"`                             // negative: taken off
	UnitPrice int64  `json:"unit_price" schema:"min=0"`
	Tax       int64  `json:"tax" example:"255"` // the part of quantity × unit price that is tax, in minor units
}

// Seller is who issues: what the law wants on the document. The tax number is the VAT identification, with its prefix.
type Seller struct {
	Name         string          `json:"name" schema:"min=1"`
	Address      schemas.Address `json:"address"`
	TaxNumber    string          `json:"tax_number" schema:"min=1" example:"GB999999973"`
	Registration string          `json:"registration,omitempty" example:"00000000"` // in the register of companies
	Email        string          `json:"email"`
}

// Document is what an invoice and a credit note have in common. Prices include tax, at one rate in hundredths of a percent. The
// day of issue, in UTC, is the tax point. Categories are those of UNCL 5305: S taxed, G exported.
type Document struct {
	Number   string        `json:"number" example:"INV-2026-000042"`
	IssuedOn string        `json:"issued_on" schema:"pattern=^[0-9]{4}-[0-9]{2}-[0-9]{2}$" example:"2026-11-27"`
	Amount   schemas.Money `json:"amount"`                              // tax included
	Tax      int64         `json:"tax" example:"255"`                   // minor units
	Country  string        `json:"country" schema:"pattern=^[A-Z]{2}$"` // whose tax it is
	Category string        `json:"category" schema:"pattern=^[A-Z]{1,2}$" example:"S"`
	Rate     int64         `json:"rate" schema:"min=0" example:"2000"`
	Seller   Seller        `json:"seller"`
	Lines    []Line        `json:"lines" schema:"min=1"`
}

// IssuedV1: the invoice of a capture: an order's, or of one of its parcels.
type IssuedV1 struct {
	Document Document `json:"document"`

	ShipmentID string `json:"shipment_id,omitempty" example:"event-4712"` // the parcel, where the order leaves in several
}

// CreditNoteIssuedV1: the credit note of a refund.
type CreditNoteIssuedV1 struct {
	Invoice  string   `json:"invoice" example:"INV-2026-000042"` // the number of the invoice that it corrects
	RefundID string   `json:"refund_id"`
	Reason   string   `json:"reason"` // why money was given back
	Document Document `json:"document"`

	ShipmentID string `json:"shipment_id,omitempty" example:"event-4712"` // the parcel, where the order leaves in several
}

// WithheldV1: what was captured or refunded does not fit what was agreed; a person has to look.
type WithheldV1 struct {
	Reason   string        `json:"reason"` // other_currency, above_total or above_invoice
	Amount   schemas.Money `json:"amount"` // what was captured or refunded
	RefundID string        `json:"refund_id,omitempty"`

	ShipmentID string `json:"shipment_id,omitempty" example:"event-4712"` // the parcel, where the order leaves in several
}
