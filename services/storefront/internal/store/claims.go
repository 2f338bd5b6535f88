package store

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"
)

// Claim says which order a customer's idempotency key stands for.
type Claim struct {
	Customer, Key string
	Fingerprint   []byte // of the body it came with
	OrderID       string
	Fresh         bool // it was made just now, and its caller is to place the order
}

// Claims are the idempotency keys of placed orders, each kept for seven days.
//
// A claim is committed before its order. Who comes back to a claim whose order is missing takes it over, once its
// maker has had the time to place the order and evidently did not; placing is the same however often it is done.
type Claims struct {
	db   *gorm.DB
	take *batch[Claim, Claim]
}

// NewClaims keeps the keys in the service's database.
func NewClaims(db *gorm.DB) *Claims {
	c := &Claims{db: db}
	c.take = newBatch(c.takeAll)
	return c
}

// Take makes the claim, or returns the one that is there. No two callers may take the same key at once.
func (c *Claims) Take(ctx context.Context, want Claim) (Claim, error) { return c.take.do(ctx, want) }

// Resume takes over a claim whose order is missing; false while whoever has it may still place that order.
func (c *Claims) Resume(ctx context.Context, claim Claim) (bool, error) {
	done := c.db.WithContext(ctx).Exec(`UPDATE idempotency_keys SET busy_until = now() + interval '15 seconds'
		WHERE customer_id = $1 AND key = $2 AND busy_until <= now()`, claim.Customer, claim.Key)
	if done.Error != nil {
		return false, fmt.Errorf("store: resume an idempotency key: %w", done.Error)
	}
	return done.RowsAffected == 1, nil
}

// Release lets a repeat go on at once, after placing failed for good.
func (c *Claims) Release(ctx context.Context, claim Claim) error {
	err := c.db.WithContext(ctx).Exec("UPDATE idempotency_keys SET busy_until = now() WHERE customer_id = $1 AND key = $2",
		claim.Customer, claim.Key).Error
	if err != nil {
		return fmt.Errorf("store: release an idempotency key: %w", err)
	}
	return nil
}

// takeSQL makes those that are not there or have expired, and reads the others. One that another process makes at the
// same moment is in neither part.
const takeSQL = `WITH wanted AS (
	SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[]) AS w(customer_id, key, fingerprint, order_id)
), fresh AS (
	INSERT INTO idempotency_keys AS k (customer_id, key, fingerprint, order_id, created_at, busy_until)
	SELECT customer_id, key, fingerprint, order_id, now(), now() + interval '15 seconds' FROM wanted
	ON CONFLICT (customer_id, key) DO UPDATE SET fingerprint = EXCLUDED.fingerprint, order_id = EXCLUDED.order_id,
		created_at = EXCLUDED.created_at, busy_until = EXCLUDED.busy_until
	WHERE k.created_at < now() - interval '7 days'
	RETURNING customer_id, key, fingerprint, order_id
)
SELECT customer_id, key, fingerprint, order_id, true FROM fresh
UNION ALL
SELECT k.customer_id, k.key, k.fingerprint, k.order_id, false FROM wanted w
JOIN idempotency_keys k ON k.customer_id = w.customer_id AND k.key = w.key
WHERE k.created_at >= now() - interval '7 days'`

func (c *Claims) takeAll(ctx context.Context, wanted []Claim) ([]Claim, error) {
	order := make([]int, len(wanted))
	for i := range order {
		order[i] = i
	}
	// Two processes that lock the same keys lock them in the same order.
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(wanted[a].Customer, wanted[b].Customer), cmp.Compare(wanted[a].Key, wanted[b].Key))
	})
	answers := make([]Claim, len(wanted))
	for try := 0; len(order) > 0; try++ {
		if try == 3 {
			return nil, fmt.Errorf("store: take %d idempotency keys: they keep changing; try again", len(order))
		}
		found, err := c.takeOnce(ctx, wanted, order)
		if err != nil {
			return nil, fmt.Errorf("store: take idempotency keys: %w", err)
		}
		order = slices.DeleteFunc(order, func(i int) bool {
			claim, ok := found[[2]string{wanted[i].Customer, wanted[i].Key}]
			answers[i] = claim
			return ok
		})
	}
	return answers, nil
}

func (c *Claims) takeOnce(ctx context.Context, wanted []Claim, order []int) (map[[2]string]Claim, error) {
	n := len(order)
	customers, keys, orders := make(pgtype.FlatArray[string], n), make(pgtype.FlatArray[string], n), make(pgtype.FlatArray[string], n)
	fingerprints := make(pgtype.FlatArray[[]byte], n)
	for at, i := range order {
		w := wanted[i]
		customers[at], keys[at], fingerprints[at], orders[at] = w.Customer, w.Key, w.Fingerprint, w.OrderID
	}
	rows, err := c.db.WithContext(ctx).Raw(takeSQL, customers, keys, fingerprints, orders).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := make(map[[2]string]Claim, n)
	for rows.Next() {
		var claim Claim
		if err := rows.Scan(&claim.Customer, &claim.Key, &claim.Fingerprint, &claim.OrderID, &claim.Fresh); err != nil {
			return nil, err
		}
		claim.Fingerprint = bytes.Clone(claim.Fingerprint)
		found[[2]string{claim.Customer, claim.Key}] = claim
	}
	return found, rows.Err()
}
