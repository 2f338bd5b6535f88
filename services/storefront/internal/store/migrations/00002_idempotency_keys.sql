-- +goose Up
-- Keys are no longer those of orders alone, and answers are kept. The keys that are there came with orders.
ALTER TABLE idempotency_keys RENAME COLUMN customer_id TO caller;
ALTER TABLE idempotency_keys RENAME COLUMN order_id TO id;
ALTER TABLE idempotency_keys
    ADD COLUMN route        text NOT NULL DEFAULT '/v1/orders',
    ADD COLUMN status       integer,
    ADD COLUMN location     text,
    ADD COLUMN content_type text,
    ADD COLUMN body         bytea,
    DROP CONSTRAINT idempotency_keys_pkey,
    ADD PRIMARY KEY (caller, route, key);
ALTER TABLE idempotency_keys ALTER COLUMN route DROP DEFAULT;

-- +goose Down
DELETE FROM idempotency_keys WHERE route <> '/v1/orders';
ALTER TABLE idempotency_keys
    DROP CONSTRAINT idempotency_keys_pkey,
    DROP COLUMN route,
    DROP COLUMN status,
    DROP COLUMN location,
    DROP COLUMN content_type,
    DROP COLUMN body;
ALTER TABLE idempotency_keys RENAME COLUMN caller TO customer_id;
ALTER TABLE idempotency_keys RENAME COLUMN id TO order_id;
ALTER TABLE idempotency_keys ADD PRIMARY KEY (customer_id, key);
