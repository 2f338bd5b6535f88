-- +goose Up
CREATE TABLE orders (
    order_id text COLLATE "C" PRIMARY KEY,
    noted    boolean NOT NULL
);

-- What each order taught, in the order learnt. The counts of pairs of goods are the sum of these.
CREATE TABLE baskets (
    n           bigint PRIMARY KEY,
    order_id    text        NOT NULL,
    customer_id text        NOT NULL,
    at          timestamptz NOT NULL,
    skus        json        NOT NULL
);
CREATE UNIQUE INDEX baskets_of_orders ON baskets (order_id); -- an order is learnt once, whatever else goes wrong

-- The neighbours of each good, as they were when they were computed with a basket.
CREATE TABLE goods (
    sku        text COLLATE "C" PRIMARY KEY,
    basket     bigint           NOT NULL,
    mass       double precision NOT NULL,
    neighbours json
);
CREATE INDEX goods_by_basket ON goods (basket);

CREATE TABLE products (
    sku           text COLLATE "C" PRIMARY KEY,
    listed        boolean NOT NULL,
    description   text    NOT NULL,
    backorderable boolean NOT NULL,
    available     bigint  NOT NULL
);

CREATE TABLE visitors (
    key  text COLLATE "C" PRIMARY KEY,
    seen json
);

-- +goose Down
DROP TABLE visitors;
DROP TABLE products;
DROP TABLE goods;
DROP TABLE baskets;
DROP TABLE orders;
