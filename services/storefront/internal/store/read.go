package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"orderflow.example/schemas/order"
	"orderflow.example/services/storefront"
	"orderflow.example/shared/database"
)

// Reader reads orders and products. It is safe for concurrent use.
type Reader struct {
	db       *gorm.DB
	orders   *database.Table[orderRow]
	products *database.Table[productRow]
	terms    *database.Batch[[]string, map[string]storefront.Terms]
}

// NewReader reads from the service's database.
func NewReader(db *gorm.DB) *Reader {
	r := &Reader{db: db, orders: database.NewTable[orderRow](), products: database.NewTable[productRow]()}
	r.terms = database.NewBatch(r.findTerms)
	return r
}

// Order returns one order of this customer; false if there is none, or it is another customer's.
func (r *Reader) Order(ctx context.Context, customer, id string) (storefront.Order, bool, error) {
	rows, err := r.of(ctx, customer, "WHERE order_id = $1 AND customer_id = $2", id, customer)
	if err != nil || len(rows) == 0 {
		return storefront.Order{}, false, err
	}
	return fromOrderRow(rows[0]), true, nil
}

// Any returns one order, whoever's it is; false if there is none. Not for customers.
func (r *Reader) Any(ctx context.Context, id string) (storefront.Order, bool, error) {
	rows, err := r.orders.Select(r.db.WithContext(ctx), "WHERE order_id = $1 AND customer_id <> ''", id)
	if err != nil || len(rows) == 0 {
		return storefront.Order{}, false, err
	}
	return fromOrderRow(rows[0]), true, nil
}

// of selects orders with the rights of this customer. The query has the customer in its condition; if one had not, the database
// would still return no other's orders.
func (r *Reader) of(ctx context.Context, customer, tail string, args ...any) (rows []orderRow, err error) {
	err = database.AsCustomer(ctx, r.db, customer, func(tx *gorm.DB) error {
		rows, err = r.orders.Select(tx, tail, args...)
		return err
	})
	return rows, err
}

// Orders returns at most limit orders of this customer, newest first, older than the order before; from the newest if before
// is empty.
func (r *Reader) Orders(ctx context.Context, customer, before string, limit int) ([]storefront.Order, error) {
	tail, args := "WHERE customer_id = $1 ORDER BY order_id DESC LIMIT $2", []any{customer, limit}
	if before != "" {
		tail, args = "WHERE customer_id = $1 AND order_id < $3 ORDER BY order_id DESC LIMIT $2", append(args, before)
	}
	rows, err := r.of(ctx, customer, tail, args...)
	if err != nil {
		return nil, err
	}
	orders := make([]storefront.Order, len(rows))
	for i, row := range rows {
		orders[i] = fromOrderRow(row)
	}
	return orders, nil
}

// All returns at most limit orders of all customers, oldest first, newer than the order after; only open ones if open is set.
// Not for customers.
func (r *Reader) All(ctx context.Context, after string, open bool, limit int) ([]storefront.Order, error) {
	tail := "WHERE order_id > $1 AND customer_id <> '' ORDER BY order_id LIMIT $2"
	if open {
		tail = "WHERE order_id > $1 AND open ORDER BY order_id LIMIT $2"
	}
	rows, err := r.orders.Select(r.db.WithContext(ctx), tail, after, limit)
	if err != nil {
		return nil, err
	}
	orders := make([]storefront.Order, len(rows))
	for i, row := range rows {
		orders[i] = fromOrderRow(row)
	}
	return orders, nil
}

// Story is an order's timeline so far, and whether it has ended.
type Story struct {
	Timeline []storefront.Entry
	Last     bool
}

// Stories reads, by order, the timelines that have more entries than known. The caller has checked that its clients may see
// them.
func (r *Reader) Stories(ctx context.Context, known map[string]int) (map[string]Story, error) {
	ids, counts := make([]string, 0, len(known)), make([]int64, 0, len(known))
	for id, n := range known {
		ids, counts = append(ids, id), append(counts, int64(n))
	}
	rows, err := r.db.WithContext(ctx).Raw(`SELECT o.order_id, o.timeline, o.status
		FROM unnest($1::text[], $2::bigint[]) AS k(order_id, entries) JOIN orders o ON o.order_id = k.order_id
		WHERE jsonb_array_length(o.timeline) > k.entries`, pgtype.FlatArray[string](ids), pgtype.FlatArray[int64](counts)).Rows()
	if err != nil {
		return nil, fmt.Errorf("store: read timelines: %w", err)
	}
	defer rows.Close()
	stories := map[string]Story{}
	for rows.Next() {
		var id string
		var status string
		var timeline []byte
		var s Story
		if err := rows.Scan(&id, &timeline, &status); err != nil {
			return nil, fmt.Errorf("store: read timelines: %w", err)
		}
		if err := json.Unmarshal(timeline, &s.Timeline); err != nil {
			return nil, fmt.Errorf("store: timeline of order %s: %w", id, err)
		}
		s.Last = order.Last(status)
		stories[id] = s
	}
	return stories, rows.Err()
}

// Product returns one product for sale; false if there is none.
func (r *Reader) Product(ctx context.Context, sku string) (storefront.Product, bool, error) {
	rows, err := r.products.Select(r.db.WithContext(ctx), "WHERE sku = $1 AND listed", sku)
	if err != nil || len(rows) == 0 {
		return storefront.Product{}, false, err
	}
	return fromProductRow(rows[0]), true, nil
}

// Products returns at most limit products for sale whose SKU or description contains q, by SKU, after the SKU after.
func (r *Reader) Products(ctx context.Context, q, after string, limit int) ([]storefront.Product, error) {
	rows, err := r.products.Select(r.db.WithContext(ctx), `WHERE listed AND NOT withdrawn AND sku > $1
		AND (strpos(lower(description), lower($2)) > 0 OR strpos(lower(sku), lower($2)) > 0) ORDER BY sku LIMIT $3`, after, q, limit)
	if err != nil {
		return nil, err
	}
	products := make([]storefront.Product, len(rows))
	for i, row := range rows {
		products[i] = fromProductRow(row)
	}
	return products, nil
}

// Terms returns the terms of those SKUs that are listed; the map may hold others too. Do not change it.
func (r *Reader) Terms(ctx context.Context, skus []string) (map[string]storefront.Terms, error) {
	return r.terms.Do(ctx, skus)
}

func (r *Reader) findTerms(ctx context.Context, asked [][]string) ([]map[string]storefront.Terms, error) {
	terms := map[string]storefront.Terms{}
	skus := pgtype.FlatArray[string](slices.Concat(asked...))
	slices.Sort(skus)
	skus = slices.Compact(skus)
	rows, err := r.db.WithContext(ctx).Raw(`SELECT sku, price, currency, backorderable, withdrawn FROM products
		WHERE sku = ANY($1) AND listed`, skus).Rows()
	if err != nil {
		return nil, fmt.Errorf("store: read prices: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var sku string
		var t storefront.Terms
		if err := rows.Scan(&sku, &t.Price.Amount, &t.Price.Currency, &t.Backorderable, &t.Withdrawn); err != nil {
			return nil, fmt.Errorf("store: read prices: %w", err)
		}
		terms[sku] = t
	}
	answers := make([]map[string]storefront.Terms, len(asked))
	for i := range answers {
		answers[i] = terms
	}
	return answers, rows.Err()
}
