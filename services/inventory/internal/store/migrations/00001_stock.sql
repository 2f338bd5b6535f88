-- +goose Up
CREATE TABLE reservations (
    order_id text PRIMARY KEY,
    status   text NOT NULL,
    lines    jsonb,
    returns  jsonb
);

-- A SKU's levels are locked by its row here, as a lock on rows of stock would not keep new warehouses from appearing.
CREATE TABLE skus (
    sku text PRIMARY KEY
);

CREATE TABLE stock (
    sku           text   NOT NULL,
    warehouse     text   NOT NULL,
    on_hand       bigint NOT NULL,
    reserved      bigint NOT NULL,
    on_order      bigint NOT NULL CHECK (on_order >= 0),
    reorder_point bigint NOT NULL CHECK (reorder_point >= 0),
    replenishment text   NOT NULL,
    PRIMARY KEY (sku, warehouse),
    CONSTRAINT never_oversold CHECK (0 <= reserved AND reserved <= on_hand)
);

-- +goose Down
DROP TABLE stock;
DROP TABLE skus;
DROP TABLE reservations;
