-- +goose Up
ALTER TABLE floor_picks ADD COLUMN partial boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE floor_picks DROP COLUMN partial;
