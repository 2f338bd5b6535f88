-- +goose Up
-- The goods that a capture is for, where it is not for all of the order.
ALTER TABLE payments ADD COLUMN lines jsonb NOT NULL DEFAULT 'null';

-- +goose Down
ALTER TABLE payments DROP COLUMN lines;
