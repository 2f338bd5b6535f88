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
	OrderID   string `gorm:"primaryKey"`
	Cancelled bool
	Parcels   []warehouse.Parcel `gorm:"serializer:json;not null"`
}

func (pickRow) TableName() string { return "picks" }

// Picks is the table of picks, one row for each order.
func Picks() engine.Store {
	return engine.NewTable(warehouse.BlankPick, func(r pickRow) string { return r.OrderID }, toPick, fromPick)
}

func toPick(p warehouse.Pick) pickRow {
	return pickRow{OrderID: p.Order, Cancelled: p.Cancelled, Parcels: p.Parcels}
}

func fromPick(r pickRow) warehouse.Pick {
	return warehouse.Pick{Order: r.OrderID, Cancelled: r.Cancelled, Parcels: r.Parcels}
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
