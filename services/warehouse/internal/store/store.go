// Package store keeps picks and supplies as rows.
package store

import (
	"embed"
	"io/fs"

	"orderflow.example/services/warehouse"
	"orderflow.example/shared/engine"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations create the service's tables.
var Migrations, _ = fs.Sub(files, "migrations")

type pickRow struct {
	OrderID    string `gorm:"primaryKey"`
	Status     string // of the only pick, or the first; waiting where there is none yet
	ShipmentID string
	Cancelled  bool               // all of an order in several parcels
	Parcels    []warehouse.Parcel `gorm:"serializer:json"` // where they are several
}

// waiting is the status of an order of which no pick was asked for.
const waiting = "waiting"

func (pickRow) TableName() string { return "picks" }

// Picks is the table of picks, one row for each order.
func Picks() engine.Store {
	return engine.NewTable(warehouse.BlankPick, func(r pickRow) string { return r.OrderID }, toPick, fromPick)
}

func toPick(p warehouse.Pick) pickRow {
	r := pickRow{OrderID: p.Order, Status: waiting}
	if p.Cancelled {
		r.Status = string(warehouse.Cancelled)
	}
	if len(p.Parcels) == 0 {
		return r
	}
	first := p.Parcels[0]
	r.Status, r.ShipmentID = string(first.Status), first.ShipmentID
	if only := len(p.Parcels) == 1 && first.Part == nil; !only || p.Cancelled != (first.Status == warehouse.Cancelled) {
		r.Cancelled, r.Parcels = p.Cancelled, p.Parcels
	}
	return r
}

func fromPick(r pickRow) warehouse.Pick {
	p := warehouse.Pick{Order: r.OrderID, Cancelled: r.Cancelled, Parcels: r.Parcels}
	if len(r.Parcels) > 0 {
		return p
	}
	p.Cancelled = r.Status == string(warehouse.Cancelled)
	if r.ShipmentID != "" {
		p.Parcels = []warehouse.Parcel{{ShipmentID: r.ShipmentID, Status: warehouse.Status(r.Status)}}
	}
	return p
}

type supplyRow struct {
	SKU       string `gorm:"primaryKey;column:sku"`
	Listed    bool
	Receipts  []string             `gorm:"serializer:json"`
	Purchases []warehouse.Purchase `gorm:"serializer:json"`
}

func (supplyRow) TableName() string { return "supplies" }

// Supplies is the table of supplies, one row for each SKU.
func Supplies() engine.Store {
	return engine.NewTable(warehouse.BlankSupply, func(r supplyRow) string { return r.SKU }, toSupply, fromSupply)
}

func toSupply(s warehouse.Supply) supplyRow {
	return supplyRow{SKU: s.SKU, Listed: s.Listed, Receipts: s.Receipts, Purchases: s.Purchases}
}

func fromSupply(r supplyRow) warehouse.Supply {
	return warehouse.Supply{SKU: r.SKU, Listed: r.Listed, Receipts: r.Receipts, Purchases: r.Purchases}
}
