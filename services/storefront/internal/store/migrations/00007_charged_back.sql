-- +goose Up
ALTER TABLE orders ADD COLUMN charged_back bigint NOT NULL DEFAULT 0 CHECK (charged_back >= 0);

-- +goose Down
ALTER TABLE orders DROP COLUMN charged_back;
