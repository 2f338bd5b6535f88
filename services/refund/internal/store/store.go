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
		Captured: r.Captured, Refunded: r.Refunded, Pending: r.Pending, Claims: r.Claims,
		Sold: r.Sold, Disputes: r.Disputes,
	}
}

func fromRow(r row) refund.Refund {
	return refund.Refund{
		Order: r.OrderID, Taken: r.Taken, Reference: r.Reference, Currency: r.Currency,
		Captured: r.Captured, Refunded: r.Refunded, Pending: r.Pending, Claims: r.Claims,
		Sold: r.Sold, Disputes: r.Disputes,
	}
}

var table = database.NewTable[row]()

// Of returns the refund of one order, blank if there is none.
func Of(ctx context.Context, db *gorm.DB, order string) (refund.Refund, error) {
	found, err := read(ctx, db, "WHERE order_id = $1", order)
	if err != nil || len(found) == 0 {
		return refund.Blank(order), err
	}
	return found[0], nil
}

// With lists at most limit orders that have a claim of this status, by order id, which is the order of placing, after the order
// named.
func With(ctx context.Context, db *gorm.DB, status refund.Status, after string, limit int) ([]refund.Refund, error) {
	return read(ctx, db, `WHERE claims @> jsonb_build_array(jsonb_build_object('status', $1::text)) AND order_id > $2
		ORDER BY order_id LIMIT $3`, string(status), after, limit)
}

func read(ctx context.Context, db *gorm.DB, where string, args ...any) ([]refund.Refund, error) {
	rows, err := table.Select(db.WithContext(ctx), where, args...)
	if err != nil {
		return nil, fmt.Errorf("refunds: %w", err)
	}
	found := make([]refund.Refund, len(rows))
	for i, r := range rows {
		found[i] = fromRow(r)
	}
	return found, nil
}
