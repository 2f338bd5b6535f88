-- +goose Up
-- Whether everybody was offered the promotion follows from an event, and so outlives the table of rounds.
ALTER TABLE promotions ADD COLUMN ended boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE promotions DROP COLUMN ended;
