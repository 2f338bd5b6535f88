-- +goose Up
-- pruned: the highest number whose outbox row was deleted; log_start: the topic's first offset when it was last compared.
ALTER TABLE engine.published ADD COLUMN pruned bigint NOT NULL DEFAULT 0, ADD COLUMN log_start bigint NOT NULL DEFAULT 0;

-- When an open call is tried next, how often it was, and what came of the last try.
ALTER TABLE engine.call
    ADD COLUMN next_try_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN try int NOT NULL DEFAULT 0,
    ADD COLUMN last_error text NOT NULL DEFAULT '',
    ALTER COLUMN stray SET DEFAULT false; -- written by older builds only; it goes with the next migration
CREATE INDEX call_due ON engine.call (partition, next_try_at);

-- Counts what others than the owner changed in engine.parked.
ALTER TABLE engine.lease ADD COLUMN parked_version bigint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE engine.lease DROP COLUMN parked_version;
DROP INDEX engine.call_due;
ALTER TABLE engine.call DROP COLUMN next_try_at, DROP COLUMN try, DROP COLUMN last_error, ALTER COLUMN stray DROP DEFAULT;
ALTER TABLE engine.published DROP COLUMN pruned, DROP COLUMN log_start;
