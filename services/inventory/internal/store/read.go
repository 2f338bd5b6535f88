package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"orderflow.example/schemas"
	"orderflow.example/services/inventory"
)

// Reader reads what operators are shown, and locks nothing. It is safe for concurrent use.
type Reader struct {
	stock *Stock
	db    *gorm.DB
}

// NewReader reads the tables of the store in this database.
func NewReader(stock *Stock, db *gorm.DB) *Reader { return &Reader{stock, db} }

// Levels returns the levels of SKUs, by SKU and warehouse; none of a SKU that was never received.
func (r *Reader) Levels(ctx context.Context, skus ...string) (levels inventory.Levels, err error) {
	set := r.stock.memory()
	err = r.stock.read(r.db.WithContext(ctx), set, "WHERE sku = ANY($1::text[])", skus)
	for _, of := range set.levels {
		levels = append(levels, of...)
	}
	levels.Sort()
	return levels, err
}

// List returns at most limit SKUs after one, with their levels over all warehouses, by SKU: those that contain q, in any case,
// and if low, those of which a warehouse has no more than its reorder point.
func (r *Reader) List(ctx context.Context, q string, low bool, after string, limit int) (list []inventory.Level, err error) {
	rows, err := r.db.WithContext(ctx).Raw(`SELECT sku, sum(on_hand)::bigint, sum(reserved)::bigint, sum(on_order)::bigint,
			sum(reorder_point)::bigint
		FROM stock WHERE sku > $1 AND ($2 = '' OR strpos(lower(sku), lower($2)) > 0)
		GROUP BY sku HAVING NOT $3 OR bool_or(reorder_point > 0 AND on_hand - reserved <= reorder_point)
		ORDER BY sku LIMIT $4`, after, q, low, limit).Rows()
	if err != nil {
		return nil, fmt.Errorf("store: list stock: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var l inventory.Level
		if err := rows.Scan(&l.SKU, &l.OnHand, &l.Reserved, &l.OnOrder, &l.ReorderPoint); err != nil {
			return nil, fmt.Errorf("store: list stock: %w", err)
		}
		list = append(list, l)
	}
	return list, rows.Err()
}

// Moment is a movement's place in the list of those of its SKU.
type Moment struct {
	At    time.Time `json:"at"`
	Event string    `json:"event"`
	Line  int       `json:"line"`
}

// Movements returns at most limit movements of a SKU before one, the newest first. The zero Moment is after all.
func (r *Reader) Movements(ctx context.Context, sku string, before Moment, limit int) (list []inventory.Movement, err error) {
	const newest = " ORDER BY at DESC, event DESC, line DESC LIMIT "
	db, rows := r.db.WithContext(ctx), []movementRow(nil)
	if before.Event == "" {
		rows, err = r.stock.movements.Select(db, "WHERE sku = $1"+newest+"$2", sku, limit)
	} else {
		rows, err = r.stock.movements.Select(db, "WHERE sku = $1 AND (at, event, line) < ($2, $3, $4)"+newest+"$5",
			sku, before.At, before.Event, before.Line, limit)
	}
	for _, row := range rows {
		list = append(list, fromMovement(row))
	}
	return list, err
}

// Held is an order with goods of a SKU set aside, or one that waits for them.
type Held struct {
	Order       string
	Reservation inventory.Reservation
}

// Reservations returns at most limit orders after one, by id, the oldest first, that hold goods of a SKU or wait for them.
func (r *Reader) Reservations(ctx context.Context, sku, after string, limit int) (list []Held, err error) {
	rows, err := r.stock.reservations.Select(r.db.WithContext(ctx), `WHERE status IN ('reserved', 'backordered') AND order_id > $1
		AND (status = 'reserved' AND jsonb_contains(lines, $2::jsonb) OR status = 'backordered' AND waits && $3::text[])
		ORDER BY order_id LIMIT $4`, after, lineOf(sku), []string{sku}, limit)
	for _, row := range rows {
		list = append(list, Held{row.OrderID, fromReservation(row)})
	}
	return list, err
}

// Pieces are those of a SKU that the order holds, by warehouse; with none, those that it waits for.
func (h Held) Pieces(sku string) (held []schemas.Allocation, waited int64) {
	for _, l := range h.Reservation.Lines {
		if l.SKU == sku && h.Reservation.Status == inventory.Reserved {
			held = append(held, l)
		}
	}
	for _, w := range h.Reservation.Waits(h.Order) {
		if w.SKU == sku {
			waited += w.Quantity
		}
	}
	return held, waited
}
