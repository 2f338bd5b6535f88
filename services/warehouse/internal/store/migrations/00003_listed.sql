-- +goose Up
ALTER TABLE supplies ADD COLUMN listed boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE supplies DROP COLUMN listed;
