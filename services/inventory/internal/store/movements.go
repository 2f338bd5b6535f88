package store

import (
	"time"

	"gorm.io/gorm"

	"orderflow.example/services/inventory"
	"orderflow.example/shared/database"
)

type movementRow struct {
	SKU       string    `gorm:"primaryKey;column:sku"`
	At        time.Time `gorm:"primaryKey"`
	Event     string    `gorm:"primaryKey"`
	Line      int       `gorm:"primaryKey"`
	Warehouse string
	Change    int64
	Cause     inventory.Cause
	OrderID   string
	Reference string
}

func (movementRow) TableName() string { return "movements" }

func toMovement(m inventory.Movement) movementRow {
	return movementRow{SKU: m.SKU, At: m.At, Event: m.Event, Line: m.Line, Warehouse: m.Warehouse, Change: m.Change, Cause: m.Cause,
		OrderID: m.Order, Reference: m.Reference}
}

func fromMovement(r movementRow) inventory.Movement {
	return inventory.Movement{SKU: r.SKU, At: r.At.UTC(), Event: r.Event, Line: r.Line, Warehouse: r.Warehouse, Change: r.Change,
		Cause: r.Cause, Order: r.OrderID, Reference: r.Reference}
}

// note keeps movements: their sums, and rows if they are to be saved.
func (s *states) note(moved []inventory.Movement) {
	for _, m := range moved {
		at := place{m.SKU, m.Warehouse}
		b := s.balances[at]
		b.Sum, b.Movements = b.Sum+m.Change, b.Movements+1
		s.balances[at] = b
		if s.saved {
			s.moved = append(s.moved, toMovement(m))
		}
	}
}

// balance reads the balances of the levels that the set has.
func (t *Stock) balance(db *gorm.DB, into *states) error {
	skus := make([]string, 0, len(into.levels))
	for sku := range into.levels {
		skus = append(skus, sku)
	}
	return database.Later(db, database.Statement{Name: "sum movements",
		SQL:  `SELECT sku, warehouse, sum(change)::bigint, count(*) FROM movements WHERE sku = ANY($1::text[]) GROUP BY sku, warehouse`,
		Args: []any{skus}, Read: func(rows database.Rows) error {
			for rows.Next() {
				var at place
				var b inventory.Balance
				if err := rows.Scan(&at.sku, &at.warehouse, &b.Sum, &b.Movements); err != nil {
					return err
				}
				into.balances[at] = b
			}
			return nil
		}})
}
