-- +goose Up
ALTER TABLE cases ADD COLUMN orders bigint NOT NULL DEFAULT 0;

-- The latest orders of each customer that were counted: a bounded list.
CREATE TABLE customers (
    customer_id text PRIMARY KEY,
    seen        jsonb
);

-- +goose Down
DROP TABLE customers;
ALTER TABLE cases DROP COLUMN orders;
