-- +goose Up
-- An order waits until something is heard of it. Those are counted, again and again, to see whether more can be taken.
ALTER TABLE orders ADD COLUMN waiting boolean GENERATED ALWAYS AS (status = 'placed') STORED;
CREATE INDEX orders_waiting ON orders (order_id) WHERE waiting;

-- +goose Down
ALTER TABLE orders DROP COLUMN waiting;
