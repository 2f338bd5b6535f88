-- +goose Up
-- What is captured for each parcel of an order that leaves in several.
ALTER TABLE payments
    ADD COLUMN parcels bigint  NOT NULL DEFAULT 0,
    ADD COLUMN once    boolean NOT NULL DEFAULT false,
    ADD COLUMN parts   jsonb   NOT NULL DEFAULT 'null';

-- +goose Down
ALTER TABLE payments DROP COLUMN parcels, DROP COLUMN once, DROP COLUMN parts;
