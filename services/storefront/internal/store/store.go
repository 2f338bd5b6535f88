// Package store keeps the orders and products that customers see as rows. The engine writes them; the API reads them here.
package store

import (
	"embed"
	"io/fs"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/services/storefront"
	"orderflow.example/shared/engine"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations create the service's tables.
var Migrations, _ = fs.Sub(files, "migrations")

type orderRow struct {
	OrderID     string `gorm:"primaryKey"`
	CustomerID  string
	PlacedAt    time.Time
	Currency    string
	PlacedLines []schemas.Line `gorm:"serializer:json"`
	PlacedTotal int64
	ShipTo      schemas.Address `gorm:"serializer:json"`
	FillPolicy  string
	Cancelling  bool
	Returns     []storefront.Return `gorm:"serializer:json"`
	Status      string
	Reason      string
	Final       bool
	Next        *storefront.Next   `gorm:"serializer:json"`
	Timeline    []storefront.Entry `gorm:"serializer:json"`
	AgreedLines []schemas.Line     `gorm:"serializer:json"`
	AgreedTotal int64
	Payment     string
	Authorized  int64
	Captured    int64
	ChargedBack int64
	Refunded    int64
	Refunds     []storefront.Refund   `gorm:"serializer:json"`
	Shipments   []storefront.Shipment `gorm:"serializer:json"`
	Invoice     string
	Invoices    []storefront.Invoice    `gorm:"serializer:json"` // where there are several parcels
	CreditNotes []storefront.CreditNote `gorm:"serializer:json"`
	Open        bool                    // derived from the other columns, to search by
}

func (orderRow) TableName() string { return "orders" }

// Orders is the table of orders, one row for each.
func Orders() engine.Store {
	return engine.NewTable(storefront.Blank, func(r orderRow) string { return r.OrderID }, toOrderRow, fromOrderRow)
}

func toOrderRow(o storefront.Order) orderRow {
	r := orderRow{
		OrderID: o.ID, CustomerID: o.CustomerID, PlacedAt: o.PlacedAt, Currency: o.Placed.Total.Currency,
		PlacedLines: o.Placed.Lines, PlacedTotal: o.Placed.Total.Amount, ShipTo: o.ShipTo, FillPolicy: o.FillPolicy,
		Cancelling: o.Cancelling, Returns: o.Returns,
		Status: o.Status, Reason: o.Reason, Final: o.Final, Next: o.Next, Timeline: o.Timeline,
		AgreedLines: o.Agreed.Lines, AgreedTotal: o.Agreed.Total.Amount,
		Payment: o.Payment.State, Authorized: o.Payment.Authorized, Captured: o.Payment.Captured, ChargedBack: o.Payment.ChargedBack,
		Refunded: o.Refunded, Refunds: o.Refunds, Shipments: o.Shipments,
		Invoices: o.Invoices, CreditNotes: o.CreditNotes, Open: o.Open(),
	}
	if len(o.Invoices) == 1 && o.Invoices[0].ShipmentID == "" {
		r.Invoice, r.Invoices = o.Invoices[0].Number, nil
	}
	return r
}

func fromOrderRow(r orderRow) storefront.Order {
	o := storefront.Order{
		ID: r.OrderID, CustomerID: r.CustomerID, PlacedAt: r.PlacedAt,
		Placed: storefront.Basket{Lines: r.PlacedLines, Total: schemas.Money{Amount: r.PlacedTotal, Currency: r.Currency}},
		ShipTo: r.ShipTo, FillPolicy: r.FillPolicy, Cancelling: r.Cancelling, Returns: r.Returns,
		Status: r.Status, Reason: r.Reason, Final: r.Final, Next: r.Next, Timeline: r.Timeline,
		Payment: storefront.Payment{State: r.Payment, Authorized: r.Authorized, Captured: r.Captured,
			ChargedBack: r.ChargedBack},
		Refunded: r.Refunded, Refunds: r.Refunds, Shipments: r.Shipments,
		Invoices: r.Invoices, CreditNotes: r.CreditNotes,
	}
	if r.Invoice != "" {
		o.Invoices = []storefront.Invoice{{Number: r.Invoice}}
	}
	if r.AgreedLines != nil {
		o.Agreed = storefront.Basket{Lines: r.AgreedLines, Total: schemas.Money{Amount: r.AgreedTotal, Currency: r.Currency}}
	}
	return o
}

type productRow struct {
	SKU           string `gorm:"primaryKey"`
	Listed        bool
	Description   string
	Price         int64
	Currency      string
	Backorderable bool
	Available     int64
	Withdrawn     bool
}

func (productRow) TableName() string { return "products" }

// Products is the table of products, one row for each SKU.
func Products() engine.Store {
	return engine.NewTable(storefront.BlankProduct, func(r productRow) string { return r.SKU }, toProductRow, fromProductRow)
}

func toProductRow(p storefront.Product) productRow {
	return productRow{
		SKU: p.SKU, Listed: p.Listed, Description: p.Description, Price: p.Price.Amount, Currency: p.Price.Currency,
		Backorderable: p.Backorderable, Available: p.Available, Withdrawn: p.Withdrawn,
	}
}

func fromProductRow(r productRow) storefront.Product {
	return storefront.Product{
		SKU: r.SKU, Listed: r.Listed, Description: r.Description, Price: schemas.Money{Amount: r.Price, Currency: r.Currency},
		Backorderable: r.Backorderable, Available: r.Available, Withdrawn: r.Withdrawn,
	}
}
