// Package store keeps shipments as rows.
package store

import (
	"embed"
	"io/fs"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/services/shipping"
	"orderflow.example/shared/engine"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations create the service's tables.
var Migrations, _ = fs.Sub(files, "migrations")

type row struct {
	OrderID        string `gorm:"primaryKey"`
	CustomerID     string
	ShipTo         schemas.Address `gorm:"serializer:json;not null"`
	Status         string
	ShipmentID     string
	Label          string
	Carrier        string
	TrackingNumber string
	LabelledAt     *time.Time
	Packed         bool
	Paid           bool
	Lines          []schemas.Allocation `gorm:"serializer:json;not null"`
	Returns        []shipping.Return    `gorm:"serializer:json;not null"`
}

func (row) TableName() string { return "shipments" }

// Shipments is the table of shipments, one row for each order.
func Shipments() engine.Store {
	return engine.NewTable(shipping.Blank, func(r row) string { return r.OrderID }, toRow, fromRow)
}

func toRow(s shipping.Shipment) row {
	r := row{
		OrderID: s.Order, CustomerID: s.CustomerID, ShipTo: s.ShipTo, Status: string(s.Status), ShipmentID: s.ID,
		Label: string(s.Label), Carrier: s.Carrier,
		TrackingNumber: s.TrackingNumber, Packed: s.Packed, Paid: s.Paid, Lines: s.Lines, Returns: s.Returns,
	}
	if !s.LabelledAt.IsZero() {
		r.LabelledAt = &s.LabelledAt
	}
	return r
}

func fromRow(r row) shipping.Shipment {
	s := shipping.Shipment{
		Order: r.OrderID, CustomerID: r.CustomerID, ShipTo: r.ShipTo, Status: shipping.Status(r.Status), ID: r.ShipmentID,
		Label: shipping.Label(r.Label), Carrier: r.Carrier,
		TrackingNumber: r.TrackingNumber, Packed: r.Packed, Paid: r.Paid, Lines: r.Lines, Returns: r.Returns,
	}
	if r.LabelledAt != nil {
		s.LabelledAt = r.LabelledAt.UTC()
	}
	return s
}
