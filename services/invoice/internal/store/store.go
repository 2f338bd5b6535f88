// Package store keeps invoices, and the names of the products on them, as rows.
package store

import (
	"embed"
	"io/fs"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/invoice"
	"orderflow.example/services/invoice"
	"orderflow.example/shared/engine"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations create the service's tables.
var Migrations, _ = fs.Sub(files, "migrations")

type row struct {
	OrderID     string `gorm:"primaryKey"`
	CustomerID  string
	Buyer       schemas.Address `gorm:"serializer:json;not null"`
	Lines       []event.Line    `gorm:"serializer:json"`
	Total       int64
	Currency    string
	Captured    int64
	CapturedIn  string
	Number      *string            // derived: of the first invoice, to be unique
	Issued      *invoice.Issued    `gorm:"serializer:json"`
	CreditNotes []invoice.Issued   `gorm:"serializer:json"`
	Waiting     []invoice.Refund   `gorm:"serializer:json"`
	Withheld    []invoice.Withheld `gorm:"serializer:json"`
	Parcels     []invoice.Part     `gorm:"serializer:json"`
}

func (row) TableName() string { return "invoices" }

// Invoices is the table of invoices, one row for each order.
func Invoices() engine.Store {
	return engine.NewTable(invoice.Blank, func(r row) string { return r.OrderID }, toRow, fromRow)
}

func toRow(i invoice.Invoice) row {
	r := row{
		OrderID: i.Order, CustomerID: i.CustomerID, Buyer: i.Buyer, Lines: i.Lines,
		Total: i.Total.Amount, Currency: i.Total.Currency, Captured: i.Captured.Amount, CapturedIn: i.Captured.Currency,
		Issued: i.Issued, CreditNotes: i.CreditNotes, Waiting: i.Waiting, Withheld: i.Withheld,
		Parcels: i.Parcels,
	}
	if all := i.Invoices(); len(all) > 0 {
		r.Number = &all[0].Number
	}
	return r
}

func fromRow(r row) invoice.Invoice {
	return invoice.Invoice{
		Order: r.OrderID, CustomerID: r.CustomerID, Buyer: r.Buyer, Total: schemas.Money{Amount: r.Total, Currency: r.Currency},
		Part: invoice.Part{Lines: r.Lines, Captured: schemas.Money{Amount: r.Captured, Currency: r.CapturedIn},
			Issued: r.Issued, CreditNotes: r.CreditNotes, Waiting: r.Waiting, Withheld: r.Withheld},
		Parcels: r.Parcels,
	}
}

type productRow struct {
	SKU   string         `gorm:"primaryKey"`
	Names []invoice.Name `gorm:"serializer:json"`
}

func (productRow) TableName() string { return "products" }

// Products is the table of products, one row for each SKU.
func Products() engine.Store {
	return engine.NewTable(invoice.BlankProduct, func(r productRow) string { return r.SKU },
		func(p invoice.Product) productRow { return productRow{SKU: p.SKU, Names: p.Names} },
		func(r productRow) invoice.Product { return invoice.Product{SKU: r.SKU, Names: r.Names} })
}
