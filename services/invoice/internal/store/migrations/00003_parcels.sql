-- +goose Up
-- What the other columns are of an order that leaves in one parcel, of each parcel of one that leaves in several.
ALTER TABLE invoices ADD COLUMN parcels jsonb;

-- +goose Down
ALTER TABLE invoices DROP COLUMN parcels;
