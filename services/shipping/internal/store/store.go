// Package store keeps shipments as rows.
package store

import (
	"cmp"
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
	Partial        bool
	Status         string // of the only parcel, or the first; waiting where there is none yet
	ShipmentID     string
	Label          string
	Carrier        string
	TrackingNumber string
	LabelledAt     *time.Time
	Packed         bool
	Paid           bool
	Lines          []schemas.Allocation `gorm:"serializer:json;not null"`
	Parcels        []shipping.Parcel    `gorm:"serializer:json"` // where they are several
	Returns        []shipping.Return    `gorm:"serializer:json;not null"`
}

// waiting is the status of an order of which no label was asked for.
const waiting = "waiting"

func (row) TableName() string { return "shipments" }

// Shipments is the table of shipments, one row for each order.
func Shipments() engine.Store {
	return engine.NewTable(shipping.Blank, func(r row) string { return r.OrderID }, toRow, fromRow)
}

func toRow(s shipping.Shipment) row {
	r := row{OrderID: s.Order, CustomerID: s.CustomerID, ShipTo: s.ShipTo, Partial: s.Partial,
		Status: cmp.Or(string(s.Ended), waiting), Returns: s.Returns}
	if len(s.Parcels) == 0 {
		return r
	}
	p := s.Parcels[0]
	r.Status, r.ShipmentID, r.Label = string(p.Status), p.ID, string(p.Label)
	r.Carrier, r.TrackingNumber = p.Carrier, p.TrackingNumber
	r.Packed, r.Paid, r.Lines = p.Packed, p.Paid, p.Lines
	if !p.LabelledAt.IsZero() {
		r.LabelledAt = &p.LabelledAt
	}
	if p.Part != nil {
		r.Parcels = s.Parcels
	}
	return r
}

func fromRow(r row) shipping.Shipment {
	s := shipping.Shipment{Order: r.OrderID, CustomerID: r.CustomerID, ShipTo: r.ShipTo, Partial: r.Partial, Parcels: r.Parcels,
		Returns: r.Returns}
	switch {
	case len(r.Parcels) > 0:
	case r.ShipmentID != "":
		p := shipping.Parcel{ID: r.ShipmentID, Status: shipping.Status(r.Status), Label: shipping.Label(r.Label), Carrier: r.Carrier,
			TrackingNumber: r.TrackingNumber, Packed: r.Packed, Paid: r.Paid, Lines: r.Lines}
		if r.LabelledAt != nil {
			p.LabelledAt = r.LabelledAt.UTC()
		}
		s.Parcels = []shipping.Parcel{p}
	case r.Status != waiting:
		s.Ended = shipping.Status(r.Status)
	}
	return s
}
