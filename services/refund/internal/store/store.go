// Package store keeps refunds as rows.
package store

import (
	"embed"
	"io/fs"

	"orderflow.example/services/refund"
	"orderflow.example/shared/engine"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations create the service's tables.
var Migrations, _ = fs.Sub(files, "migrations")

type row struct {
	OrderID   string `gorm:"primaryKey"`
	Taken     bool
	Reference string
	Currency  string
	Captured  int64
	Refunded  int64
	Pending   int64
	Claims    []refund.Claim `gorm:"serializer:json;not null"`
}

func (row) TableName() string { return "refunds" }

// Refunds is the table of refunds, one row for each order.
func Refunds() engine.Store {
	return engine.NewTable(refund.Blank, func(r row) string { return r.OrderID }, toRow, fromRow)
}

func toRow(r refund.Refund) row {
	return row{
		OrderID: r.Order, Taken: r.Taken, Reference: r.Reference, Currency: r.Currency,
		Captured: r.Captured, Refunded: r.Refunded, Pending: r.Pending, Claims: r.Claims,
	}
}

func fromRow(r row) refund.Refund {
	return refund.Refund{
		Order: r.OrderID, Taken: r.Taken, Reference: r.Reference, Currency: r.Currency,
		Captured: r.Captured, Refunded: r.Refunded, Pending: r.Pending, Claims: r.Claims,
	}
}
