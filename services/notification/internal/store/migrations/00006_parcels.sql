-- +goose Up
ALTER TABLE orders ADD COLUMN parcels jsonb;

-- +goose Down
ALTER TABLE orders DROP COLUMN parcels;
