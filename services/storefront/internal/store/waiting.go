package store

import (
	"context"
	"fmt"
	"time"
)

// Waiting counts the orders without an event since they were placed, those of them placed before upto, and all orders placed
// from since to upto. The time of placing is in the order's id.
func (r *Reader) Waiting(ctx context.Context, since, upto time.Time) (now, old, placed int, err error) {
	err = r.db.WithContext(ctx).Raw(`SELECT count(*), count(*) FILTER (WHERE order_id < $2),
		(SELECT count(*) FROM orders WHERE order_id >= $1 AND order_id < $2) FROM orders WHERE waiting`, firstID(since), firstID(upto)).
		Row().Scan(&now, &old, &placed)
	if err != nil {
		err = fmt.Errorf("store: count the orders that wait: %w", err)
	}
	return now, old, placed, err
}

// firstID is the first id of UUID version 7 of a millisecond.
func firstID(at time.Time) string {
	text := fmt.Sprintf("%012x", at.UnixMilli())
	return text[:8] + "-" + text[8:] + "-7"
}
