-- +goose Up
CREATE TABLE products (
    sku           text PRIMARY KEY,
    listed        boolean NOT NULL,
    description   text    NOT NULL,
    price         bigint  NOT NULL CHECK (price >= 0),
    currency      text    NOT NULL,
    backorderable boolean NOT NULL
);

-- +goose Down
DROP TABLE products;
