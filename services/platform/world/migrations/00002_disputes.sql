-- +goose Up
ALTER TABLE gateway_book
    ADD COLUMN about text   NOT NULL DEFAULT '',
    ADD COLUMN card  text   NOT NULL DEFAULT '',
    ADD COLUMN fee   bigint NOT NULL DEFAULT 0 CHECK (fee >= 0);

CREATE TABLE gateway_webhooks (
    receiver text PRIMARY KEY, -- the only row: 'shop'
    seq      bigint NOT NULL   -- of the last entry of the book up to which it was notified of everything
);

-- +goose Down
DROP TABLE gateway_webhooks;
ALTER TABLE gateway_book DROP COLUMN about, DROP COLUMN card, DROP COLUMN fee;
