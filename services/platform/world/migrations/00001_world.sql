-- +goose Up
CREATE TABLE owners (
    part  text PRIMARY KEY,
    epoch bigint NOT NULL
);

CREATE TABLE gateway_book (
    seq         bigint PRIMARY KEY,
    at          timestamptz NOT NULL,
    order_id    text   NOT NULL,
    key         text   NOT NULL, -- empty for what the gateway did by itself
    kind        text   NOT NULL,
    amount      bigint NOT NULL CHECK (amount >= 0),
    currency    text   NOT NULL,
    reference   text   NOT NULL,
    attempt     text   NOT NULL,
    token       text   NOT NULL,
    code        text   NOT NULL,
    fingerprint text   NOT NULL
);
CREATE UNIQUE INDEX gateway_book_key ON gateway_book (key) WHERE key <> '';

CREATE TABLE carrier_labels (
    key             text PRIMARY KEY,
    fingerprint     text   NOT NULL,
    serial          bigint NOT NULL,
    order_id        text   NOT NULL,
    kind            text   NOT NULL,
    country         text   NOT NULL,
    pieces          bigint NOT NULL,
    carrier         text   NOT NULL, -- empty where none takes the parcel
    tracking_number text   NOT NULL,
    lost            boolean NOT NULL,
    created_at      timestamptz NOT NULL,
    voided_at       timestamptz,
    collected_at    timestamptz,
    arrives_at      timestamptz
);
CREATE UNIQUE INDEX carrier_labels_number ON carrier_labels (tracking_number) WHERE tracking_number <> '';

CREATE TABLE floor_picks (
    shipment_id  text PRIMARY KEY,
    order_id     text  NOT NULL,
    lines        jsonb NOT NULL,
    missing      jsonb NOT NULL,
    begun_at     timestamptz NOT NULL,
    ready_at     timestamptz NOT NULL,
    cancelled_at timestamptz
);

CREATE TABLE floor_purchases (
    id         text PRIMARY KEY,
    sku        text   NOT NULL,
    warehouse  text   NOT NULL,
    quantity   bigint NOT NULL CHECK (quantity > 0),
    ordered_at timestamptz NOT NULL,
    arrives_at timestamptz NOT NULL
);

-- +goose Down
DROP TABLE owners, gateway_book, carrier_labels, floor_picks, floor_purchases;
