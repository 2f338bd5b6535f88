-- +goose Up
-- A call that was open when the database was lost or set back: what adapters kept of earlier tries may be gone with it.
ALTER TABLE engine.call ADD COLUMN restored boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE engine.call DROP COLUMN restored;
