-- +goose Up
CREATE TABLE picks (
    order_id    text PRIMARY KEY,
    status      text NOT NULL,
    shipment_id text NOT NULL
);

CREATE TABLE supplies (
    sku       text PRIMARY KEY,
    receipts  jsonb,
    purchases jsonb
);

-- +goose Down
DROP TABLE supplies;
DROP TABLE picks;
