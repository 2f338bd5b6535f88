-- +goose Up
ALTER TABLE payments
    ADD COLUMN asked    bigint NOT NULL DEFAULT 0 CHECK (asked BETWEEN 0 AND amount),
    ADD COLUMN disputes jsonb  NOT NULL DEFAULT 'null',
    ADD COLUMN reversed jsonb  NOT NULL DEFAULT 'null';
-- What was asked for before is filled in from the events that asked.
-- +goose StatementBegin
DO $$ BEGIN
    IF to_regclass('engine.outbox') IS NOT NULL THEN
        UPDATE payments SET asked = (e.data::jsonb #>> '{amount,amount}')::bigint
        FROM engine.outbox e WHERE e.key = order_id AND e.type = 'payment.capture_requested.v1';
    END IF;
END $$;
-- +goose StatementEnd

-- +goose Down
ALTER TABLE payments DROP COLUMN asked, DROP COLUMN disputes, DROP COLUMN reversed;
