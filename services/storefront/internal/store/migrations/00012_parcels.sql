-- +goose Up
-- The invoices of an order that leaves in several parcels; that of one that leaves in one stays in its own column.
ALTER TABLE orders ADD COLUMN invoices jsonb;

-- +goose Down
ALTER TABLE orders DROP COLUMN invoices;
