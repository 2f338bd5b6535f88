package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"orderflow.example/services/reporting"
)

// linesOf expands the lines of settlement files that accounts have.
const linesOf = `FROM accounts a CROSS JOIN LATERAL
	jsonb_array_elements(CASE jsonb_typeof(a.items) WHEN 'array' THEN a.items ELSE '[]' END) i (item) CROSS JOIN LATERAL
	jsonb_array_elements(CASE jsonb_typeof(i.item->'Lines') WHEN 'array' THEN i.item->'Lines' ELSE '[]' END) l (line)`

// ReadAgain lists the settlement files that were read again since a time, once accounts have taken in all their lines: what they
// have of earlier readings then is not in the file any more.
func ReadAgain(ctx context.Context, db *gorm.DB, since string) (files []reporting.Vanished, err error) {
	err = db.WithContext(ctx).Raw(`SELECT day, reading FROM settlements s WHERE reading > 0 AND read_at > $1 AND lines =
		(SELECT count(*) `+linesOf+` WHERE l.line->>'Day' = s.day AND coalesce((l.line->>'Reading')::bigint, 0) >= s.reading)
		ORDER BY day`, since).Scan(&files).Error
	if err != nil {
		return nil, fmt.Errorf("settlement files that were read again: %w", err)
	}
	return files, nil
}

// WithoutLine lists at most limit orders, by id, after the one named, with a line that only earlier readings of the day's file
// had.
func WithoutLine(ctx context.Context, db *gorm.DB, v reporting.Vanished, after string, limit int) (orders []string, err error) {
	err = db.WithContext(ctx).Raw(`SELECT DISTINCT a.order_id `+linesOf+`
		WHERE l.line->>'Day' = $1 AND coalesce((l.line->>'Reading')::bigint, 0) < $2 AND a.order_id > $3
		ORDER BY a.order_id LIMIT $4`, v.Day, v.Reading, after, limit).Scan(&orders).Error
	if err != nil {
		return nil, fmt.Errorf("lines that a settlement file has no more: %w", err)
	}
	return orders, nil
}
