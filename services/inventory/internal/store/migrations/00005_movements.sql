-- +goose Up
-- Every change of what is on hand, by SKU in the order of time. The sum of a shelf's movements is its level: one transaction
-- writes both. `orderflow replay inventory --apply` fills it with what happened before.
CREATE TABLE movements (
    sku       text        NOT NULL,
    at        timestamptz NOT NULL,
    event     text        NOT NULL,
    line      integer     NOT NULL,
    warehouse text        NOT NULL,
    change    bigint      NOT NULL CHECK (change <> 0),
    cause     text        NOT NULL,
    order_id  text        NOT NULL,
    reference text        NOT NULL,
    PRIMARY KEY (sku, at, event, line)
);

-- Since when goods are set aside; those who hold some or wait for some are found among them alone.
ALTER TABLE reservations ADD COLUMN since timestamptz;
CREATE INDEX reservations_open ON reservations (order_id) WHERE status IN ('reserved', 'backordered');

-- +goose Down
DROP INDEX reservations_open;
ALTER TABLE reservations DROP COLUMN since;
DROP TABLE movements;
