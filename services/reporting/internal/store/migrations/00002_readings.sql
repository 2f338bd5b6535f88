-- +goose Up
-- A settlement file may be read again, without some of its lines. Of files that were read before this, that is not known.
ALTER TABLE settlements ADD COLUMN begun bigint NOT NULL DEFAULT 0, ADD COLUMN reading bigint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE settlements DROP COLUMN begun, DROP COLUMN reading;
