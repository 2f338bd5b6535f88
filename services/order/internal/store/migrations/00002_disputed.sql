-- +goose Up
ALTER TABLE orders ADD COLUMN disputed bigint NOT NULL DEFAULT 0 CHECK (disputed >= 0);

-- +goose Down
ALTER TABLE orders DROP COLUMN disputed;
