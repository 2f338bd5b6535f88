-- +goose Up
-- What a reservation waits for; waits are its SKUs, by which those who wait for one are found.
ALTER TABLE reservations ADD COLUMN backorder jsonb, ADD COLUMN waits text[] NOT NULL DEFAULT '{}';
CREATE INDEX reservations_waits ON reservations USING gin (waits) WHERE status = 'backordered';

-- +goose Down
DROP INDEX reservations_waits;
ALTER TABLE reservations DROP COLUMN waits, DROP COLUMN backorder;
