// Package store keeps shipments as rows.
package store

import (
	"embed"
	"io/fs"

	"orderflow.example/schemas"
	"orderflow.example/services/shipping"
	"orderflow.example/shared/engine"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations create the service's tables.
var Migrations, _ = fs.Sub(files, "migrations")

type row struct {
	OrderID    string `gorm:"primaryKey"`
	CustomerID string
	ShipTo     schemas.Address `gorm:"serializer:json;not null"`
	Partial    bool
	Ended      string
	Parcels    []shipping.Parcel `gorm:"serializer:json;not null"`
	Returns    []shipping.Return `gorm:"serializer:json;not null"`
}

func (row) TableName() string { return "shipments" }

// Shipments is the table of shipments, one row for each order.
func Shipments() engine.Store {
	return engine.NewTable(shipping.Blank, func(r row) string { return r.OrderID }, toRow, fromRow)
}

func toRow(s shipping.Shipment) row {
	return row{OrderID: s.Order, CustomerID: s.CustomerID, ShipTo: s.ShipTo, Partial: s.Partial, Ended: string(s.Ended),
		Parcels: s.Parcels, Returns: s.Returns}
}

func fromRow(r row) shipping.Shipment {
	return shipping.Shipment{Order: r.OrderID, CustomerID: r.CustomerID, ShipTo: r.ShipTo, Partial: r.Partial,
		Ended: shipping.Status(r.Ended), Parcels: r.Parcels, Returns: r.Returns}
}
