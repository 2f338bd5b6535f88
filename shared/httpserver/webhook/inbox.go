package webhook

import (
	"bytes"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
)

// Inbox keeps what was received. Table implements it.
type Inbox interface {
	// Claim keeps the notification unless one with its id is kept.
	Claim(ctx context.Context, h Head, digest []byte) (Known, error)
	// Close keeps what came of it.
	Close(ctx context.Context, id, outcome string) error
}

// Known is what is kept under an id.
type Known struct {
	Same    bool   // it was the same body, or is new
	Outcome string // "" while nothing has come of it
}

// Table is the inbox in the service's database, the table notifications. It keeps no bodies: those of some senders are personal.
type Table struct {
	DB    *gorm.DB
	About string // the column that keeps what a notification is about
}

// keptDays is as long as Stripe keeps events, to be sent again. A notification that comes later still is decided on once more,
// and finds that settled which it is about.
const keptDays = 30

// Claim keeps the notification unless one with its id is kept. Of those that are too old it forgets some, more than it adds.
func (t Table) Claim(ctx context.Context, h Head, digest []byte) (Known, error) {
	var kept struct {
		Digest  []byte
		Outcome string
	}
	err := t.DB.WithContext(ctx).Raw(`WITH forgotten AS (DELETE FROM notifications WHERE ctid = ANY (ARRAY(
			SELECT ctid FROM notifications WHERE received_at < now() - make_interval(days => ?) AND id <> ?
			ORDER BY received_at LIMIT 10 FOR UPDATE SKIP LOCKED)))
		INSERT INTO notifications (id, kind, `+pgx.Identifier{t.About}.Sanitize()+`, digest) VALUES (?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET id = EXCLUDED.id RETURNING digest, outcome`, keptDays, h.ID, h.ID, h.Kind, h.About,
		digest).Scan(&kept).Error
	if err != nil {
		return Known{}, fmt.Errorf("keep the notification %s: %w", h.ID, err)
	}
	return Known{Same: bytes.Equal(kept.Digest, digest), Outcome: kept.Outcome}, nil
}

// Close keeps what came of it.
func (t Table) Close(ctx context.Context, id, outcome string) error {
	err := t.DB.WithContext(ctx).Exec("UPDATE notifications SET outcome = ? WHERE id = ? AND outcome = ''", outcome, id).Error
	if err != nil {
		return fmt.Errorf("keep what came of the notification %s: %w", id, err)
	}
	return nil
}
