package webhook

import (
	"bytes"
	"context"
	"fmt"

	"gorm.io/gorm"

	"orderflow.example/services/payment"
)

// Inbox keeps what was received. Table implements it.
type Inbox interface {
	// Claim keeps the notification unless one with its id is kept.
	Claim(ctx context.Context, n payment.Notification, digest []byte) (Known, error)
	// Close keeps what came of it.
	Close(ctx context.Context, id, outcome string) error
}

// Known is what is kept under an id.
type Known struct {
	Same    bool   // it was the same body, or is new
	Outcome string // "" while nothing has come of it
}

// Table is the inbox in the service's database. It keeps no bodies: those of some gateways are personal.
type Table struct{ DB *gorm.DB }

// keptDays is as long as Stripe keeps events, to be sent again. A notification that comes later still is decided on once more,
// and finds its payment settled.
const keptDays = 30

// Claim keeps the notification unless one with its id is kept. Of those that are too old it forgets some, more than it adds.
func (t Table) Claim(ctx context.Context, n payment.Notification, digest []byte) (Known, error) {
	var kept struct {
		Digest  []byte
		Outcome string
	}
	err := t.DB.WithContext(ctx).Raw(`WITH forgotten AS (DELETE FROM notifications WHERE ctid = ANY (ARRAY(
			SELECT ctid FROM notifications WHERE received_at < now() - make_interval(days => ?) AND id <> ?
			ORDER BY received_at LIMIT 10 FOR UPDATE SKIP LOCKED)))
		INSERT INTO notifications (id, kind, order_id, digest) VALUES (?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET id = EXCLUDED.id RETURNING digest, outcome`, keptDays, n.ID, n.ID, string(n.Kind), n.Order,
		digest).Scan(&kept).Error
	if err != nil {
		return Known{}, fmt.Errorf("keep the notification %s: %w", n.ID, err)
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
