-- +goose Up
CREATE TABLE payments (
    order_id    text PRIMARY KEY,
    status      text    NOT NULL,
    knows_order boolean NOT NULL,
    knows_goods boolean NOT NULL,
    knows_trust boolean NOT NULL,
    withdrawn   boolean NOT NULL,
    token       text    NOT NULL,
    amount      bigint  NOT NULL CHECK (amount >= 0),
    currency    text    NOT NULL,
    attempt     text    NOT NULL,
    reference   text    NOT NULL,
    captured    bigint  NOT NULL CHECK (captured BETWEEN 0 AND amount),
    voided      bigint  NOT NULL CHECK (voided BETWEEN 0 AND amount)
);

-- +goose Down
DROP TABLE payments;
