package store

import (
	"context"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"orderflow.example/services/recommendation"
	"orderflow.example/shared/database"
)

// Reader answers queries from an index in memory that follows the rows: each query sees all that was committed before it came.
// It is safe for concurrent use.
type Reader struct {
	db       *gorm.DB
	baskets  *database.Table[basketRow]
	goods    *database.Table[goodRow]
	products *database.Table[productRow]
	visitors *database.Table[visitorRow]
	fresh    *database.Batch[struct{}, struct{}] // follows the rows

	mu     sync.RWMutex
	index  *recommendation.Index
	last   string // the order of the last basket in the index
	solved int64  // the baskets up to which its goods' neighbours are known
}

// NewReader reads from the service's database.
func NewReader(db *gorm.DB) *Reader {
	r := &Reader{db: db, baskets: database.NewTable[basketRow](), goods: database.NewTable[goodRow](),
		products: database.NewTable[productRow](), visitors: database.NewTable[visitorRow](), index: &recommendation.Index{}}
	r.fresh = database.NewBatch(func(ctx context.Context, asked []struct{}) ([]struct{}, error) { return asked, r.follow(ctx) })
	return r
}

// Ask runs fn on the index, with all that was committed before.
func (r *Reader) Ask(ctx context.Context, fn func(x *recommendation.Index)) error {
	if _, err := r.fresh.Do(ctx, struct{}{}); err != nil {
		return err
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	fn(r.index)
	return nil
}

// followed is how many baskets one statement reads.
const followed = 1000

// follow takes in the rows written since, one after the other: only one call of it runs. The last basket known is read again:
// where it is another or gone, the tables were replaced or set back, and the index begins anew.
func (r *Reader) follow(ctx context.Context) error {
	db := r.db.WithContext(ctx)
	for {
		known := r.index.Baskets()
		rows, err := r.baskets.Select(db, "WHERE n >= $1 ORDER BY n LIMIT $2", known, followed)
		if err != nil {
			return fmt.Errorf("store: read baskets: %w", err)
		}
		if known > 0 && (len(rows) == 0 || rows[0].N != known || rows[0].OrderID != r.last) {
			r.mu.Lock()
			r.index, r.last, r.solved = &recommendation.Index{}, "", 0
			r.mu.Unlock()
			continue
		}
		last := len(rows) < followed
		if known > 0 {
			rows = rows[1:]
		}
		if last && len(rows) == 0 && r.solved == known {
			return nil
		}
		if err := r.learn(db, rows, last); err != nil || last {
			return err
		}
	}
}

// learn takes in baskets and, with the last of them, the goods whose neighbours were computed since. Those computed with still
// later baskets are read again with these.
func (r *Reader) learn(db *gorm.DB, rows []basketRow, last bool) (err error) {
	var goods []goodRow
	if last {
		if goods, err = r.goods.Select(db, "WHERE basket > $1", r.solved); err != nil {
			return fmt.Errorf("store: read goods: %w", err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, row := range rows {
		r.index.Learn(fromBasket(row))
		r.last = row.OrderID
	}
	for _, g := range goods {
		r.index.Solve(g.SKU, g.solved())
	}
	if last {
		r.solved = r.index.Baskets()
	}
	return nil
}

// Products returns those of the products that are known, by SKU.
func (r *Reader) Products(ctx context.Context, skus []string) (map[string]recommendation.Product, error) {
	rows, err := r.products.Select(r.db.WithContext(ctx), "WHERE sku = ANY($1)", pgtype.FlatArray[string](skus))
	if err != nil {
		return nil, fmt.Errorf("store: read products: %w", err)
	}
	found := make(map[string]recommendation.Product, len(rows))
	for _, p := range rows {
		found[p.SKU] = recommendation.Product(p)
	}
	return found, nil
}

// Visitor returns what this customer looked at last, or with an empty customer this guest; with the rights of that customer.
func (r *Reader) Visitor(ctx context.Context, customer, guest string) (v recommendation.Visitor, err error) {
	key := "customer:" + customer
	if customer == "" {
		key = "guest:" + guest
	}
	v = recommendation.BlankVisitor(key)
	err = database.AsCustomer(ctx, r.db, customer, func(tx *gorm.DB) error {
		rows, err := r.visitors.Select(tx, "WHERE key = $1", key)
		if err == nil && len(rows) > 0 {
			v = recommendation.Visitor(rows[0])
		}
		return err
	})
	return v, err
}
