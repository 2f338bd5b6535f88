-- +goose Up
-- The picks of an order that leaves in several parcels, and whether all of it is cancelled. That of one stays in the columns of
-- before, which an older process beside reads and writes; of several they hold the first.
ALTER TABLE picks
    ADD COLUMN cancelled boolean NOT NULL DEFAULT false,
    ADD COLUMN parcels   jsonb;

-- +goose Down
ALTER TABLE picks DROP COLUMN cancelled, DROP COLUMN parcels;
