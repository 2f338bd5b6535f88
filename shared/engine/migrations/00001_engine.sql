-- +goose Up
CREATE SCHEMA engine;

-- Who runs, and who owns which partition.
CREATE TABLE engine.member (
    id        text PRIMARY KEY,
    pid       int         NOT NULL, -- of its lease session; a member whose session is gone is dead
    heartbeat timestamptz NOT NULL
);
CREATE TABLE engine.lease (
    partition int PRIMARY KEY,
    epoch     bigint      NOT NULL DEFAULT 0,
    owner     text        NOT NULL DEFAULT '',
    pid       int         NOT NULL DEFAULT 0,
    heartbeat timestamptz NOT NULL DEFAULT '-infinity'
);

-- How far each topic partition has been applied. The sequence is the truth; offset and id of the last record read say
-- where to go on and how to notice that the log is another one.
CREATE TABLE engine.watermark (
    topic       text   NOT NULL,
    partition   int    NOT NULL,
    sequence    bigint NOT NULL DEFAULT 0,
    next_offset bigint NOT NULL DEFAULT 0,
    record_id   text   NOT NULL DEFAULT '',
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

-- The service's own topic: the last number given, every event numbered, and how far the log was seen to hold them.
CREATE TABLE engine.counter (
    partition int PRIMARY KEY,
    sequence  bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE TABLE engine.outbox (
    partition int         NOT NULL,
    sequence  bigint      NOT NULL,
    id        text        NOT NULL,
    type      text        NOT NULL,
    key       text        NOT NULL,
    saga      text        NOT NULL,
    cause     text        NOT NULL,
    at        timestamptz NOT NULL,
    data      json        NOT NULL,
    PRIMARY KEY (partition, sequence)
);
CREATE TABLE engine.published (
    partition   int PRIMARY KEY,
    sequence    bigint NOT NULL DEFAULT 0,
    next_offset bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- Questions to the outside world not yet answered; asked is the own event that asks.
CREATE TABLE engine.call (
    id        text PRIMARY KEY,
    partition int         NOT NULL,
    type      text        NOT NULL,
    key       text        NOT NULL,
    saga      text        NOT NULL,
    at        timestamptz NOT NULL,
    asked     json        NOT NULL,
    stray     boolean     NOT NULL -- committed by a process that does not own the partition
);
CREATE INDEX call_partition ON engine.call (partition);
CREATE INDEX call_stray ON engine.call (partition) WHERE stray;

-- What is due later, unless something happens first.
CREATE TABLE engine.deadline (
    key       text        NOT NULL,
    type      text        NOT NULL,
    partition int         NOT NULL,
    id        text        NOT NULL,
    saga      text        NOT NULL,
    due_at    timestamptz NOT NULL,
    since     json        NOT NULL,
    PRIMARY KEY (key, type)
);
CREATE INDEX deadline_due ON engine.deadline (partition, due_at);

-- What could not be processed, and what waits behind it.
CREATE TABLE engine.parked (
    number    bigserial PRIMARY KEY,
    partition int         NOT NULL,
    key       text        NOT NULL,
    form      text        NOT NULL, -- event, answer or deadline
    type      text        NOT NULL,
    id        text        NOT NULL,
    saga      text        NOT NULL,
    cause     text        NOT NULL,
    at        timestamptz NOT NULL,
    data      bytea       NOT NULL,
    reason    text        NOT NULL, -- empty: it only waits behind an earlier one
    parked_at timestamptz NOT NULL DEFAULT now(),
    redrive   boolean     NOT NULL DEFAULT false
);
CREATE INDEX parked_key ON engine.parked (partition, key, number);

-- +goose Down
DROP SCHEMA engine CASCADE;
