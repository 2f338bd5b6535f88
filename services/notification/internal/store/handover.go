package store

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// Handovers remember what was handed to a provider that cannot be asked what it took, such as a mail server: a process that dies
// between the provider's answer and its own commit must not hand it over twice.
type Handovers struct{ DB *gorm.DB }

// handoverKept is longer than anything is tried.
const handoverKept = 7 * 24 * time.Hour

// Begin notes that the message is about to be handed over; again if it was before, and whether the provider took it then.
func (h Handovers) Begin(ctx context.Context, id string) (again, taken bool, err error) {
	done := h.DB.WithContext(ctx).Exec(`INSERT INTO handed_over (id) VALUES (?) ON CONFLICT DO NOTHING`, id)
	if done.Error != nil || done.RowsAffected == 1 {
		return false, false, done.Error
	}
	err = h.DB.WithContext(ctx).Raw(`SELECT taken FROM handed_over WHERE id = ?`, id).Row().Scan(&taken)
	return true, taken, err
}

// Took tells whether it is known that the provider took it.
func (h Handovers) Took(ctx context.Context, id string) (taken bool, err error) {
	err = h.DB.WithContext(ctx).Raw(`SELECT EXISTS (SELECT FROM handed_over WHERE id = ? AND taken)`, id).Row().Scan(&taken)
	return taken, err
}

// Taken notes that the provider took it.
func (h Handovers) Taken(ctx context.Context, id string) error {
	return h.DB.WithContext(ctx).Exec(`UPDATE handed_over SET taken = true WHERE id = ?`, id).Error
}

// Undo notes that the provider certainly did not take it.
func (h Handovers) Undo(ctx context.Context, id string) error {
	return h.DB.WithContext(ctx).Exec(`DELETE FROM handed_over WHERE id = ? AND NOT taken`, id).Error
}

// Forget deletes what is older than anything is tried.
func (h Handovers) Forget(ctx context.Context) error {
	return h.DB.WithContext(ctx).Exec(`DELETE FROM handed_over WHERE at < now() - make_interval(secs => ?)`,
		handoverKept.Seconds()).Error
}
