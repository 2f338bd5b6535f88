package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"orderflow.example/services/warehouse"
	"orderflow.example/shared/database"
)

// Reader reads which products there are. It is safe for concurrent use.
type Reader struct {
	db    *gorm.DB
	table *database.Table[supplyRow]
}

// NewReader reads from the service's database.
func NewReader(db *gorm.DB) *Reader { return &Reader{db: db, table: database.NewTable[supplyRow]()} }

// Unknown returns those SKUs that are not in the catalogue, as far as is heard, and of which no goods came or were ordered.
func (r *Reader) Unknown(ctx context.Context, skus []string) ([]string, error) {
	rows, err := r.table.Select(r.db.WithContext(ctx), `WHERE sku = ANY($1::text[])
		AND (listed OR jsonb_typeof(receipts) = 'array' OR jsonb_typeof(purchases) = 'array')`, pgtype.FlatArray[string](skus))
	if err != nil {
		return nil, fmt.Errorf("store: read products: %w", err)
	}
	known := make(map[string]bool, len(rows))
	for _, row := range rows {
		known[row.SKU] = true
	}
	return slices.DeleteFunc(slices.Clone(skus), func(sku string) bool { return known[sku] }), nil
}

// Open returns the products after that SKU of which something is ordered from a supplier, by SKU; only those of which something
// was ordered before that time, unless it is zero.
func (r *Reader) Open(ctx context.Context, after string, before time.Time, limit int) ([]warehouse.Supply, error) {
	rows, err := r.table.Select(r.db.WithContext(ctx), `WHERE sku COLLATE "C" > $1 AND jsonb_typeof(purchases) = 'array'
		AND EXISTS (SELECT FROM jsonb_array_elements(CASE jsonb_typeof(purchases) WHEN 'array' THEN purchases ELSE '[]' END) p
			WHERE NOT $2 OR (p ->> 'OrderedAt')::timestamptz < $3)
		ORDER BY sku COLLATE "C" LIMIT $4`, after, !before.IsZero(), before, limit)
	if err != nil {
		return nil, fmt.Errorf("store: read purchases: %w", err)
	}
	supplies := make([]warehouse.Supply, len(rows))
	for i, row := range rows {
		supplies[i] = fromSupply(row)
	}
	return supplies, nil
}
