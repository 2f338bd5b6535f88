// Package store keeps fraud cases, subjects and rules as rows.
package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"gorm.io/gorm"

	"orderflow.example/services/fraud"
	"orderflow.example/shared/database"
	"orderflow.example/shared/engine"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations create the service's tables.
var Migrations, _ = fs.Sub(files, "migrations")

type row struct {
	OrderID  string `gorm:"primaryKey"`
	Status   string
	Score    int64
	Rules    []string `gorm:"serializer:json"`
	RuleSet  string
	Facts    fraud.Facts `gorm:"serializer:json"`
	Awaits   []string    `gorm:"serializer:json"`
	Subjects []string    `gorm:"serializer:json"`
	Outcomes []string    `gorm:"serializer:json"`
	By       string      `gorm:"column:decided_by"`
	Operator string
	Since    *time.Time `gorm:"column:review_since"`
}

func (row) TableName() string { return "cases" }

// Cases is the table of cases, one row for each order.
func Cases() engine.Store {
	return engine.NewTable(fraud.Blank, func(r row) string { return r.OrderID }, toRow, fromRow)
}

var table = database.NewTable[row]()

// Open lists at most limit open reviews by order id, which is the order of placing, after the order named.
func Open(ctx context.Context, db *gorm.DB, after string, limit int) ([]fraud.Case, error) {
	return read(ctx, db, "WHERE status = $1 AND order_id > $2 ORDER BY order_id LIMIT $3", string(fraud.InReview), after, limit)
}

// Of returns the case of one order, blank if there is none.
func Of(ctx context.Context, db *gorm.DB, order string) (fraud.Case, error) {
	cases, err := read(ctx, db, "WHERE order_id = $1", order)
	if err != nil || len(cases) == 0 {
		return fraud.Blank(order), err
	}
	return cases[0], nil
}

func read(ctx context.Context, db *gorm.DB, where string, args ...any) ([]fraud.Case, error) {
	rows, err := table.Select(db.WithContext(ctx), where, args...)
	if err != nil {
		return nil, fmt.Errorf("fraud cases: %w", err)
	}
	cases := make([]fraud.Case, len(rows))
	for i, r := range rows {
		cases[i] = fromRow(r)
	}
	return cases, nil
}

func toRow(c fraud.Case) row {
	r := row{OrderID: c.Order, Status: string(c.Status), Score: c.Score, Rules: c.Rules, RuleSet: c.RuleSet,
		Facts: c.Facts, Awaits: c.Awaits, Subjects: c.Subjects, Outcomes: c.Outcomes, By: c.By, Operator: c.Operator}
	if !c.Since.IsZero() {
		r.Since = &c.Since
	}
	return r
}

func fromRow(r row) fraud.Case {
	c := fraud.Case{Order: r.OrderID, Status: fraud.Status(r.Status), Score: r.Score, Rules: r.Rules, RuleSet: r.RuleSet,
		Facts: r.Facts, Awaits: r.Awaits, Subjects: r.Subjects, Outcomes: r.Outcomes, By: r.By, Operator: r.Operator}
	if r.Since != nil {
		c.Since = r.Since.UTC()
	}
	return c
}
