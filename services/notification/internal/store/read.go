package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"orderflow.example/services/notification"
	"orderflow.example/shared/database"
)

// Reader reads messages and promotions. It is safe for concurrent use.
type Reader struct {
	db         *gorm.DB
	messages   *database.Table[messageRow]
	promotions *database.Table[promotionRow]
}

// NewReader reads from the service's database.
func NewReader(db *gorm.DB) *Reader {
	return &Reader{db: db, messages: database.NewTable[messageRow](), promotions: database.NewTable[promotionRow]()}
}

// Place is where a list goes on.
type Place struct {
	At time.Time `json:"at"`
	ID string    `json:"id"`
}

// Messages returns at most limit messages of this customer, newest first, before the place; with the rights of this customer.
func (r *Reader) Messages(ctx context.Context, customer string, before Place, limit int) (list []notification.Entry, err error) {
	if before.ID == "" {
		before.At = time.Now().AddDate(1000, 0, 0)
	}
	err = database.AsCustomer(ctx, r.db, customer, func(tx *gorm.DB) error {
		list, err = r.list(tx, "WHERE customer_id = $1 AND (at, message_id) < ($2, $3) ORDER BY at DESC, message_id DESC LIMIT $4",
			customer, before.At, before.ID, limit)
		return err
	})
	return list, err
}

// All returns at most limit messages, of the order or the customer where one is given, newest first, before the place. For
// operators.
func (r *Reader) All(ctx context.Context, customer, order string, before Place, limit int) ([]notification.Entry, error) {
	if before.ID == "" {
		before.At = time.Now().AddDate(1000, 0, 0)
	}
	return r.list(r.db.WithContext(ctx), `WHERE customer_id <> '' AND ($1 = '' OR customer_id = $1) AND ($2 = '' OR order_id = $2)
		AND (at, message_id) < ($3, $4) ORDER BY at DESC, message_id DESC LIMIT $5`, customer, order, before.At, before.ID, limit)
}

// Message returns one message; false if there is none. The caller has checked that its reader may see it.
func (r *Reader) Message(ctx context.Context, id string) (notification.Entry, bool, error) {
	list, err := r.list(r.db.WithContext(ctx), "WHERE message_id = $1 AND customer_id <> ''", id)
	if err != nil || len(list) == 0 {
		return notification.Entry{}, false, err
	}
	return list[0], true, nil
}

func (r *Reader) list(db *gorm.DB, tail string, args ...any) ([]notification.Entry, error) {
	rows, err := r.messages.Select(db, tail, args...)
	if err != nil {
		return nil, fmt.Errorf("store: read messages: %w", err)
	}
	list := make([]notification.Entry, len(rows))
	for i, row := range rows {
		list[i] = fromMessageRow(row)
	}
	return list, nil
}

// Promotions returns those of these promotions that were published, by id.
func (r *Reader) Promotions(ctx context.Context, ids ...string) (map[string]notification.Promotion, error) {
	rows, err := r.promotions.Select(r.db.WithContext(ctx), "WHERE promotion_id = ANY($1)", pgtype.FlatArray[string](ids))
	if err != nil {
		return nil, fmt.Errorf("store: read promotions: %w", err)
	}
	found := map[string]notification.Promotion{}
	for _, row := range rows {
		found[row.PromotionID] = notification.Promotion{ID: row.PromotionID, Told: row.Told}
	}
	return found, nil
}

// Locale returns the one that the customer chose; empty if they chose none.
func (r *Reader) Locale(ctx context.Context, customer string) (locale string, err error) {
	err = r.db.WithContext(ctx).Raw(`SELECT locale FROM customers WHERE customer_id = ?`, customer).Row().Scan(&locale)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return locale, err
}

// WantsPromotions tells whether the customer does by now.
func (r *Reader) WantsPromotions(ctx context.Context, customer string) (wants bool, err error) {
	err = r.db.WithContext(ctx).Raw(`SELECT EXISTS (SELECT FROM customers WHERE customer_id = ? AND promoted)`, customer).
		Row().Scan(&wants)
	return wants, err
}
