-- +goose Up
CREATE TABLE invoices (
    order_id     text COLLATE "C" PRIMARY KEY,
    customer_id  text   NOT NULL,
    buyer        jsonb  NOT NULL,
    lines        jsonb,
    total        bigint NOT NULL CHECK (total >= 0),
    currency     text   NOT NULL,
    captured     bigint NOT NULL CHECK (captured >= 0),
    captured_in  text   NOT NULL, -- its currency; empty: nothing is captured
    number       text,            -- of the invoice; derived from issued
    issued       jsonb,
    credit_notes jsonb,
    waiting      jsonb,
    withheld     jsonb
);

-- Two invoices with one number are refused, whatever else goes wrong.
CREATE UNIQUE INDEX invoices_by_number ON invoices (number);

CREATE TABLE products (
    sku   text COLLATE "C" PRIMARY KEY,
    names jsonb
);

-- +goose Down
DROP TABLE products;
DROP TABLE invoices;
