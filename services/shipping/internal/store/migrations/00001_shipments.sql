-- +goose Up
CREATE TABLE shipments (
    order_id        text PRIMARY KEY,
    status          text    NOT NULL,
    shipment_id     text    NOT NULL,
    label           text    NOT NULL,
    carrier         text    NOT NULL,
    tracking_number text    NOT NULL,
    packed          boolean NOT NULL,
    paid            boolean NOT NULL,
    lines           jsonb   NOT NULL,
    returns         jsonb   NOT NULL,
    CHECK (status NOT IN ('dispatched', 'delivered', 'lost') OR (packed AND paid AND label = 'bought'))
);

-- +goose Down
DROP TABLE shipments;
