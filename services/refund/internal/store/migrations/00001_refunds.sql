-- +goose Up
CREATE TABLE refunds (
    order_id  text PRIMARY KEY,
    taken     boolean NOT NULL,
    reference text    NOT NULL,
    currency  text    NOT NULL,
    captured  bigint  NOT NULL CHECK (captured >= 0),
    refunded  bigint  NOT NULL CHECK (refunded >= 0),
    pending   bigint  NOT NULL CHECK (pending >= 0),
    claims    jsonb   NOT NULL,
    CHECK (refunded + pending <= captured)
);

-- +goose Down
DROP TABLE refunds;
