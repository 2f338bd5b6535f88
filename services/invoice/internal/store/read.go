package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"orderflow.example/services/invoice"
	"orderflow.example/shared/database"
)

// Reader reads invoices and the products on them. It is safe for concurrent use.
type Reader struct {
	db       *gorm.DB
	invoices *database.Table[row]
	products *database.Table[productRow]
}

// NewReader reads from the service's database.
func NewReader(db *gorm.DB) *Reader {
	return &Reader{db: db, invoices: database.NewTable[row](), products: database.NewTable[productRow]()}
}

// Invoice returns the invoice of this customer's order, with the rights of this customer; false if nothing is known of it, or it
// is another customer's.
func (r *Reader) Invoice(ctx context.Context, customer, order string) (i invoice.Invoice, found bool, err error) {
	err = database.AsCustomer(ctx, r.db, customer, func(tx *gorm.DB) error {
		rows, err := r.invoices.Select(tx, "WHERE order_id = $1 AND customer_id = $2", order, customer)
		if err == nil && len(rows) > 0 {
			i, found = fromRow(rows[0]), true
		}
		return err
	})
	return i, found, err
}

// Products returns those products, by SKU, of which a name is known.
func (r *Reader) Products(ctx context.Context, skus []string) (map[string]invoice.Product, error) {
	rows, err := r.products.Select(r.db.WithContext(ctx), "WHERE sku = ANY($1)", pgtype.FlatArray[string](skus))
	if err != nil {
		return nil, fmt.Errorf("store: read products: %w", err)
	}
	found := make(map[string]invoice.Product, len(rows))
	for _, p := range rows {
		found[p.SKU] = invoice.Product{SKU: p.SKU, Names: p.Names}
	}
	return found, nil
}
