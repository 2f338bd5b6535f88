-- +goose Up
-- Whoever deletes parked rows and is not the owner of the partition counts this up, so that the owner reads its parked keys again.
ALTER TABLE engine.lease ADD COLUMN IF NOT EXISTS parked_version bigint NOT NULL DEFAULT 0;

-- What is parked about an order, or a key that is no order.
CREATE INDEX parked_saga ON engine.parked (saga);
CREATE INDEX parked_by_key ON engine.parked (key);

-- What operators asked to be processed again, and how far that is.
CREATE TABLE engine.redrive (
    id              uuid PRIMARY KEY,
    idempotency_key text             NOT NULL, -- of the request; empty: it had none
    request         text             NOT NULL, -- digest of the request, as one key stands for one request
    selection       text             NOT NULL, -- in words
    requested_by    text             NOT NULL,
    reason          text             NOT NULL,
    created_at      timestamptz      NOT NULL DEFAULT now(),
    ended_at        timestamptz,
    as_of           timestamptz      NOT NULL, -- what was parked later is not in it
    steps           int[]            NOT NULL,
    per_second      double precision NOT NULL,
    ask             boolean          NOT NULL, -- pause after each step
    stop_on_failure boolean          NOT NULL,
    state           text             NOT NULL, -- running, paused, stopped, failed or done
    step            int              NOT NULL DEFAULT 0, -- the present one; 0: none has begun
    paced_at        timestamptz      NOT NULL, -- up to when the rate is used up
    total           int              NOT NULL,
    later           int              NOT NULL,
    released        int              NOT NULL DEFAULT 0,
    failed          int              NOT NULL DEFAULT 0, -- and not tried again since
    gone            int              NOT NULL DEFAULT 0  -- not parked any more when its turn came
);
CREATE UNIQUE INDEX redrive_key ON engine.redrive (idempotency_key) WHERE idempotency_key <> '';
CREATE UNIQUE INDEX redrive_one ON engine.redrive ((true)) WHERE state IN ('running', 'paused');
CREATE INDEX redrive_running ON engine.redrive (id) WHERE state = 'running';

-- The frozen set of a redrive: the head of each key, in the order of their turns.
CREATE TABLE engine.redrive_item (
    redrive   uuid    NOT NULL REFERENCES engine.redrive ON DELETE CASCADE,
    ordinal   int     NOT NULL,
    step      int     NOT NULL,
    number    bigint  NOT NULL, -- in engine.parked
    partition int     NOT NULL,
    key       text    NOT NULL,
    form      text    NOT NULL,
    event     text    NOT NULL,
    saga      text    NOT NULL,
    reason_was text   NOT NULL,                   -- it was parked for
    reason_now text   NOT NULL DEFAULT '',        -- it failed for again
    state     text    NOT NULL DEFAULT 'waiting', -- waiting, begun, released, failed or gone
    retried   boolean NOT NULL DEFAULT false,     -- failed, and has another turn further on
    begun_at   timestamptz,
    decided_at timestamptz,
    PRIMARY KEY (redrive, ordinal)
);
CREATE INDEX redrive_item_step ON engine.redrive_item (redrive, step);
CREATE INDEX redrive_item_begun ON engine.redrive_item (redrive) WHERE state = 'begun';
CREATE INDEX redrive_item_failed ON engine.redrive_item (redrive, decided_at) WHERE state = 'failed';

-- What operators gave up. Nothing of it is lost: jsonb_populate_record(NULL::engine.parked, record) is the row as it was.
CREATE TABLE engine.discard (
    id              uuid PRIMARY KEY,
    idempotency_key text        NOT NULL,
    request         text        NOT NULL,
    requested_by    text        NOT NULL,
    reason          text        NOT NULL,
    at              timestamptz NOT NULL DEFAULT now(),
    discarded       int         NOT NULL,
    released        int         NOT NULL -- keys in which what waited goes on
);
CREATE UNIQUE INDEX discard_key ON engine.discard (idempotency_key) WHERE idempotency_key <> '';
CREATE TABLE engine.discarded (
    number    bigint PRIMARY KEY,
    discard   uuid  NOT NULL REFERENCES engine.discard,
    partition int   NOT NULL,
    key       text  NOT NULL,
    saga      text  NOT NULL,
    record    jsonb NOT NULL
);
CREATE INDEX discarded_saga ON engine.discarded (saga);

-- +goose Down
-- lease.parked_version stays: it belongs to the engine.
DROP TABLE engine.discarded, engine.discard, engine.redrive_item, engine.redrive;
DROP INDEX engine.parked_by_key, engine.parked_saga;
