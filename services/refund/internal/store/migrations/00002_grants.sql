-- +goose Up
ALTER TABLE refunds ADD COLUMN sold jsonb, ADD COLUMN disputes jsonb;

-- The lists of refunds that are pending, of those that failed, and of those that are owed.
CREATE INDEX refunds_open ON refunds USING gin (claims jsonb_path_ops)
    WHERE claims @> '[{"status": "pending"}]' OR claims @> '[{"status": "failed"}]' OR claims @> '[{"status": "owed"}]';

-- +goose Down
DROP INDEX refunds_open;
ALTER TABLE refunds DROP COLUMN sold, DROP COLUMN disputes;
