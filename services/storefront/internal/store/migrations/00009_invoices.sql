-- +goose Up
ALTER TABLE orders
    ADD COLUMN invoice      text NOT NULL DEFAULT '', -- its number
    ADD COLUMN credit_notes jsonb;

-- +goose Down
ALTER TABLE orders DROP COLUMN invoice, DROP COLUMN credit_notes;
