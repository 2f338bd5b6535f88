package engine

import "context"

// cleanMembers deletes the rows of processes that died.
func (e *Engine) cleanMembers(ctx context.Context) error {
	return e.DB.Gorm().WithContext(ctx).Exec(`DELETE FROM engine.member WHERE heartbeat < now() - interval '1 hour'
		AND pid NOT IN (SELECT pid FROM pg_stat_activity)`).Error
}
