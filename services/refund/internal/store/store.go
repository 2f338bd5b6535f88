// Package store keeps refunds as rows.
package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"gorm.io/gorm"

	"orderflow.example/schemas"
	"orderflow.example/services/refund"
	"orderflow.example/shared/database"
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
	Captures  []refund.Capture `gorm:"serializer:json"`
	Refunded  int64
	Pending   int64
	Claims    []refund.Claim       `gorm:"serializer:json;not null"`
	Sold      []schemas.Allocation `gorm:"serializer:json"`
	Disputes  []refund.Dispute     `gorm:"serializer:json"`
}

func (row) TableName() string { return "refunds" }

// Refunds is the table of refunds, one row for each order.
func Refunds() engine.Store {
	return engine.NewTable(refund.Blank, func(r row) string { return r.OrderID }, toRow, fromRow)
}

func toRow(r refund.Refund) row {
	return row{
		OrderID: r.Order, Taken: r.Taken, Reference: r.Reference, Currency: r.Currency,
		Captured: r.Captured, Captures: r.Captures, Refunded: r.Refunded, Pending: r.Pending, Claims: r.Claims,
		Sold: r.Sold, Disputes: r.Disputes,
	}
}

func fromRow(r row) refund.Refund {
	return refund.Refund{
		Order: r.OrderID, Taken: r.Taken, Reference: r.Reference, Currency: r.Currency,
		Captured: r.Captured, Captures: r.Captures, Refunded: r.Refunded, Pending: r.Pending, Claims: r.Claims,
		Sold: r.Sold, Disputes: r.Disputes,
	}
}

var table = database.NewTable[row]()

// Of returns the refund of one order, blank if there is none.
func Of(ctx context.Context, db *gorm.DB, order string) (refund.Refund, error) {
	rows, err := table.Select(db.WithContext(ctx), "WHERE order_id = $1", order)
	switch {
	case err != nil:
		return refund.Refund{}, fmt.Errorf("refunds: %w", err)
	case len(rows) == 0:
		return refund.Blank(order), nil
	}
	return fromRow(rows[0]), nil
}

// open are the conditions of the index. As parameters they would not be known to be those, and the index not be used.
var open = map[refund.Status]string{
	refund.Pending: `claims @> '[{"status": "pending"}]'`,
	refund.Failed:  `claims @> '[{"status": "failed"}]'`,
	refund.Owed:    `claims @> '[{"status": "owed"}]'`,
}

// With lists at most limit orders that have a claim of this status, one of those still open, by order id, which is the order of
// placing, after the order named.
func With(ctx context.Context, db *gorm.DB, status refund.Status, after string, limit int) ([]refund.Refund, error) {
	condition, is := open[status]
	if !is {
		return nil, fmt.Errorf("refunds: there is no list of those that are %s", status)
	}
	var rows []row
	err := db.WithContext(ctx).Where(condition).Where("order_id > ?", after).Order("order_id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("refunds: %w", err)
	}
	found := make([]refund.Refund, len(rows))
	for i, r := range rows {
		found[i] = fromRow(r)
	}
	return found, nil
}
