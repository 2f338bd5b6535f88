package engine

import "context"

// cleanDeadlines deletes deadlines that an operator cancelled longer ago than the retention.
func (e *Engine) cleanDeadlines(ctx context.Context) error {
	return e.DB.Gorm().WithContext(ctx).Exec(`DELETE FROM engine.deadline WHERE (key, type) IN (
		SELECT key, type FROM engine.deadline WHERE due_at = 'infinity' AND moved_at < now() - make_interval(secs => $1) LIMIT 1000)`,
		e.OutboxRetention.Seconds()).Error
}
