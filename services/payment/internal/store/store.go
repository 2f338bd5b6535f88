// Package store keeps payments as rows.
package store

import (
	"embed"
	"io/fs"

	"orderflow.example/schemas"
	"orderflow.example/services/payment"
	"orderflow.example/shared/engine"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations create the service's tables.
var Migrations, _ = fs.Sub(files, "migrations")

type row struct {
	OrderID    string `gorm:"primaryKey"`
	Status     string
	KnowsOrder bool
	KnowsGoods bool
	KnowsTrust bool
	Withdrawn  bool
	Token      string
	Amount     int64
	Currency   string
	Attempt    string
	Reference  string
	Captured   int64
	Voided     int64
	Asked      int64
	Lines      []schemas.Allocation `gorm:"serializer:json;not null"`
	Parcels    int64
	Once       bool
	Parts      []payment.Part    `gorm:"serializer:json;not null"`
	Disputes   []payment.Dispute `gorm:"serializer:json;not null"`
	Reversed   []string          `gorm:"serializer:json;not null"`
}

func (row) TableName() string { return "payments" }

// Payments is the table of payments, one row for each order.
func Payments() engine.Store {
	return engine.NewTable(payment.Blank, func(r row) string { return r.OrderID }, toRow, fromRow)
}

func toRow(p payment.Payment) row {
	return row{
		OrderID: p.Order, Status: string(p.Status), KnowsOrder: p.Known, KnowsGoods: p.Goods, KnowsTrust: p.Trust,
		Withdrawn: p.Withdrawn, Token: p.Token, Amount: p.Amount.Amount, Currency: p.Amount.Currency,
		Attempt: p.Attempt, Reference: p.Reference, Captured: p.Captured, Voided: p.Voided,
		Asked: p.Asked, Lines: p.Lines, Parcels: p.Parcels, Once: p.Once, Parts: p.Parts, Disputes: p.Disputes, Reversed: p.Reversed,
	}
}

func fromRow(r row) payment.Payment {
	return payment.Payment{
		Order: r.OrderID, Status: payment.Status(r.Status), Known: r.KnowsOrder, Goods: r.KnowsGoods, Trust: r.KnowsTrust,
		Withdrawn: r.Withdrawn, Token: r.Token, Amount: schemas.Money{Amount: r.Amount, Currency: r.Currency},
		Attempt: r.Attempt, Reference: r.Reference, Captured: r.Captured, Voided: r.Voided,
		Asked: r.Asked, Lines: r.Lines, Parcels: r.Parcels, Once: r.Once, Parts: r.Parts, Disputes: r.Disputes, Reversed: r.Reversed,
	}
}
