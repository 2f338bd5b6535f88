-- +goose Up
ALTER TABLE products ADD COLUMN withdrawn boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE products DROP COLUMN withdrawn;
