-- +goose Up
ALTER TABLE shipments ADD COLUMN partial boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE shipments DROP COLUMN partial;
