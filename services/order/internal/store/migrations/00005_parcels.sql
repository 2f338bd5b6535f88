-- +goose Up
-- Of an order that leaves in several parcels: how many, what became of each, and what was captured before the rest was let go of.
ALTER TABLE orders ADD COLUMN taken bigint NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN parcels bigint NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN apart jsonb;

-- +goose Down
ALTER TABLE orders DROP COLUMN apart;
ALTER TABLE orders DROP COLUMN parcels;
ALTER TABLE orders DROP COLUMN taken;
