-- +goose Up
-- An order that leaves in several parcels has an invoice for each.
ALTER TABLE orders ADD COLUMN invoices jsonb;
UPDATE orders SET invoices = jsonb_build_array(jsonb_build_object('number', invoice)) WHERE invoice <> '';
ALTER TABLE orders DROP COLUMN invoice;

-- +goose Down
ALTER TABLE orders ADD COLUMN invoice text NOT NULL DEFAULT '';
UPDATE orders SET invoice = invoices -> 0 ->> 'number' WHERE invoices -> 0 IS NOT NULL;
ALTER TABLE orders DROP COLUMN invoices;
