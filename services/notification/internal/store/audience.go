package store

import (
	"context"

	"gorm.io/gorm"
)

// Audience counts the customers who want promotions.
func Audience(ctx context.Context, db *gorm.DB) (n int64, err error) {
	err = db.WithContext(ctx).Raw(`SELECT count(*) FROM customers WHERE promoted`).Row().Scan(&n)
	return n, err
}

// Next returns at most limit of them, by id, after this one.
func Next(ctx context.Context, db *gorm.DB, after string, limit int) (ids []string, err error) {
	err = db.WithContext(ctx).Raw(`SELECT customer_id FROM customers
		WHERE promoted AND customer_id > ? ORDER BY customer_id LIMIT ?`,
		after, limit).Scan(&ids).Error
	return ids, err
}

// Round is how far a promotion was offered.
type Round struct {
	Promotion string
	Through   string // the last customer
	Done      bool   // all were offered it, by an earlier build
}

// NextRound is that of the first promotion that has not ended; false if there is none.
func NextRound(ctx context.Context, db *gorm.DB) (r Round, found bool, err error) {
	done := db.WithContext(ctx).Raw(`SELECT p.promotion_id AS promotion, coalesce(r.through, '') AS through,
			coalesce(r.done, false) AS done
		FROM promotions p LEFT JOIN rounds r USING (promotion_id)
		WHERE p.told IS NOT NULL AND NOT p.ended ORDER BY p.promotion_id LIMIT 1`).Scan(&r)
	return r, done.RowsAffected > 0, done.Error
}

// Went notes how far a promotion was offered. It only goes forward.
func Went(ctx context.Context, db *gorm.DB, promotion, through string) error {
	return db.WithContext(ctx).Exec(`INSERT INTO rounds (promotion_id, through, done) VALUES (?, ?, false)
		ON CONFLICT (promotion_id) DO UPDATE SET through = greatest(rounds.through, excluded.through)`, promotion, through).Error
}
