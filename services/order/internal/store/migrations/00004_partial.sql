-- +goose Up
ALTER TABLE orders ADD COLUMN partial boolean NOT NULL DEFAULT false;
-- What customers accepted before is filled in from the events that say so.
-- +goose StatementBegin
DO $$ BEGIN
    IF to_regclass('engine.outbox') IS NOT NULL THEN
        UPDATE orders SET partial = true
        FROM engine.outbox e
        WHERE e.key = order_id AND e.type = 'order.validated.v1' AND e.data::jsonb ->> 'fill_policy' = 'fill_available';
    END IF;
END $$;
-- +goose StatementEnd

-- +goose Down
ALTER TABLE orders DROP COLUMN partial;
