-- +goose Up
-- How an own event came about: '' heard, 'answer' to what was asked, 'answer/3' at the third try, 'deadline'.
ALTER TABLE engine.outbox ADD COLUMN via text NOT NULL DEFAULT '';
ALTER TABLE engine.parked ADD COLUMN try int NOT NULL DEFAULT 0; -- of an answer

-- Deadlines that operators moved; one that was taken off is due at 'infinity'.
ALTER TABLE engine.deadline ADD COLUMN moved_by text NOT NULL DEFAULT '', ADD COLUMN moved_at timestamptz;
CREATE INDEX deadline_moved ON engine.deadline (partition) WHERE moved_at IS NOT NULL;

-- +goose Down
DROP INDEX engine.deadline_moved;
ALTER TABLE engine.deadline DROP COLUMN moved_by, DROP COLUMN moved_at;
ALTER TABLE engine.parked DROP COLUMN try;
ALTER TABLE engine.outbox DROP COLUMN via;
