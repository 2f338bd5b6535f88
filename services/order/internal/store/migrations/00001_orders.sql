-- +goose Up
CREATE TABLE orders (
    order_id    text PRIMARY KEY,
    status      text   NOT NULL,
    reason      text   NOT NULL,
    customer_id text   NOT NULL,
    ship_to     jsonb  NOT NULL,
    ordered     jsonb,
    lines       jsonb,
    total       bigint NOT NULL CHECK (total >= 0),
    currency    text   NOT NULL,
    steps       jsonb,
    withdrawal  text   NOT NULL,
    refunded    bigint NOT NULL CHECK (refunded >= 0),
    returned    bigint NOT NULL CHECK (returned >= 0)
);

-- +goose Down
DROP TABLE orders;
