-- +goose Up
-- What was captured for each parcel of an order that leaves in several.
ALTER TABLE refunds ADD COLUMN captures jsonb;

-- +goose Down
ALTER TABLE refunds DROP COLUMN captures;
