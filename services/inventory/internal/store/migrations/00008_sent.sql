-- +goose Up
-- The goods of parcels that have left, while those of the order's other parcels are set aside.
ALTER TABLE reservations ADD COLUMN sent jsonb;

-- +goose Down
ALTER TABLE reservations DROP COLUMN sent;
