// Package store keeps orders as rows.
package store

import (
	"embed"
	"io/fs"

	"orderflow.example/schemas"
	"orderflow.example/services/order"
	"orderflow.example/shared/engine"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations create the service's tables.
var Migrations, _ = fs.Sub(files, "migrations")

type row struct {
	OrderID    string `gorm:"primaryKey"`
	Status     string
	Reason     string
	CustomerID string
	ShipTo     schemas.Address      `gorm:"serializer:json"`
	Ordered    []schemas.Line       `gorm:"serializer:json"`
	Lines      []schemas.Allocation `gorm:"serializer:json"`
	Total      int64
	Currency   string
	Steps      []string `gorm:"serializer:json"`
	Withdrawal string
	Refunded   int64
	Returned   int64
	Disputed   int64
	Partial    bool
	Taken      int64
	Parcels    int            // 0 for one
	Apart      []order.Parcel `gorm:"serializer:json"`
}

func (row) TableName() string { return "orders" }

// Orders is the table of orders, one row for each.
func Orders() engine.Store {
	return engine.NewTable(order.Blank, func(r row) string { return r.OrderID }, toRow, fromRow)
}

func toRow(o order.Order) row {
	return row{
		OrderID: o.ID, Status: string(o.Status), Reason: o.Reason, CustomerID: o.CustomerID, ShipTo: o.ShipTo,
		Ordered: o.Ordered, Lines: o.Lines, Total: o.Total.Amount, Currency: o.Total.Currency,
		Steps: o.Steps, Withdrawal: o.Withdrawal, Refunded: o.Refunded, Returned: o.Returned,
		Disputed: o.Disputed, Partial: o.Partial, Taken: o.Taken, Parcels: o.Of, Apart: o.Parcels,
	}
}

func fromRow(r row) order.Order {
	return order.Order{
		ID: r.OrderID, Status: order.Status(r.Status), Reason: r.Reason, CustomerID: r.CustomerID, ShipTo: r.ShipTo,
		Ordered: r.Ordered, Lines: r.Lines, Total: schemas.Money{Amount: r.Total, Currency: r.Currency},
		Steps: r.Steps, Withdrawal: r.Withdrawal, Refunded: r.Refunded, Returned: r.Returned,
		Disputed: r.Disputed, Partial: r.Partial, Taken: r.Taken, Of: r.Parcels, Parcels: r.Apart,
	}
}
