-- +goose Up
CREATE TABLE orders (
    order_id     text COLLATE "C" PRIMARY KEY,
    customer_id  text        NOT NULL,
    placed_at    timestamptz NOT NULL,
    currency     text        NOT NULL,
    placed_lines jsonb,
    placed_total bigint      NOT NULL CHECK (placed_total >= 0),
    cancelling   boolean     NOT NULL,
    returns      jsonb,
    status       text        NOT NULL,
    reason       text        NOT NULL,
    final        boolean     NOT NULL,
    next         jsonb,
    timeline     jsonb,
    agreed_lines jsonb,
    agreed_total bigint      NOT NULL CHECK (agreed_total >= 0),
    payment      text        NOT NULL,
    authorized   bigint      NOT NULL CHECK (authorized >= 0),
    captured     bigint      NOT NULL CHECK (captured >= 0),
    refunded     bigint      NOT NULL CHECK (refunded >= 0),
    shipments    jsonb,
    open         boolean     NOT NULL -- something is still to come
);

-- The list of a customer's orders, newest first: ids grow with time.
CREATE INDEX orders_of_customer ON orders (customer_id, order_id DESC);

-- The orders that are not done with: few, whatever the number of orders.
CREATE INDEX orders_open ON orders (order_id) WHERE open;

CREATE TABLE products (
    sku           text COLLATE "C" PRIMARY KEY,
    listed        boolean NOT NULL,
    description   text    NOT NULL,
    price         bigint  NOT NULL CHECK (price >= 0),
    currency      text    NOT NULL,
    backorderable boolean NOT NULL,
    available     bigint  NOT NULL
);

-- Which order each idempotency key stands for. The body it came with is kept only as a hash.
CREATE TABLE idempotency_keys (
    customer_id text        NOT NULL,
    key         text        NOT NULL,
    fingerprint bytea       NOT NULL,
    order_id    text        NOT NULL,
    created_at  timestamptz NOT NULL,
    busy_until  timestamptz NOT NULL,
    PRIMARY KEY (customer_id, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- +goose Down
DROP TABLE idempotency_keys;
DROP TABLE products;
DROP TABLE orders;
