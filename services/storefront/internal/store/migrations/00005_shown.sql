-- +goose Up
-- Orders from before are filled in from the events that placed them. Their refunds are not known one by one.
ALTER TABLE orders
    ADD COLUMN ship_to     jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN fill_policy text  NOT NULL DEFAULT '',
    ADD COLUMN refunds     jsonb;
-- +goose StatementBegin
DO $$ BEGIN
    IF to_regclass('engine.outbox') IS NOT NULL THEN
        UPDATE orders SET ship_to = (e.data -> 'ship_to')::jsonb, fill_policy = e.data ->> 'fill_policy'
        FROM engine.outbox e WHERE e.key = order_id AND e.type = 'storefront.order_placed.v1';
    END IF;
END $$;
-- +goose StatementEnd

-- +goose Down
ALTER TABLE orders DROP COLUMN ship_to, DROP COLUMN fill_policy, DROP COLUMN refunds;
