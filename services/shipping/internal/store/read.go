package store

import (
	"context"

	"gorm.io/gorm"

	"orderflow.example/services/shipping"
	"orderflow.example/shared/database"
)

// Reader reads shipments. It is safe for concurrent use.
type Reader struct {
	db    *gorm.DB
	table *database.Table[row]
}

// NewReader reads from the service's database.
func NewReader(db *gorm.DB) *Reader { return &Reader{db: db, table: database.NewTable[row]()} }

// Own returns the shipment of this customer's order, with the rights of this customer; false if there is none, or it is
// another customer's.
func (r *Reader) Own(ctx context.Context, customer, order string) (s shipping.Shipment, found bool, err error) {
	err = database.AsCustomer(ctx, r.db, customer, func(tx *gorm.DB) (err error) {
		s, found, err = r.read(tx, "WHERE order_id = $1 AND customer_id = $2", order, customer)
		return err
	})
	return s, found, err
}

// Any returns the shipment of an order, whoever's it is.
func (r *Reader) Any(ctx context.Context, order string) (s shipping.Shipment, found bool, err error) {
	return r.read(r.db.WithContext(ctx), "WHERE order_id = $1", order)
}

func (r *Reader) read(tx *gorm.DB, where string, args ...any) (s shipping.Shipment, found bool, err error) {
	rows, err := r.table.Select(tx, where, args...)
	if err != nil || len(rows) == 0 {
		return s, false, err
	}
	return fromRow(rows[0]), true, nil
}
