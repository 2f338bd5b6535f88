-- +goose Up
DROP TABLE customers;
ALTER TABLE cases DROP COLUMN orders,
    ADD COLUMN rule_set text NOT NULL DEFAULT '',
    ADD COLUMN facts    jsonb,
    ADD COLUMN awaits   jsonb,
    ADD COLUMN subjects jsonb,
    ADD COLUMN outcomes jsonb;

-- What orders have in common, with the orders that were counted of late: a bounded list.
CREATE TABLE subjects (
    key         text PRIMARY KEY,
    seen        jsonb,
    orders      bigint  NOT NULL,
    refunds     bigint  NOT NULL,
    chargebacks bigint  NOT NULL,
    entry       bigint  NOT NULL,
    listed      boolean NOT NULL,
    outcomes    jsonb
);

CREATE TABLE rule_sets (
    key     text PRIMARY KEY,
    name    text NOT NULL,
    version text NOT NULL,
    text    text NOT NULL
);

-- +goose Down
DROP TABLE rule_sets;
DROP TABLE subjects;
ALTER TABLE cases ADD COLUMN orders bigint NOT NULL DEFAULT 0,
    DROP COLUMN rule_set, DROP COLUMN facts, DROP COLUMN awaits, DROP COLUMN subjects, DROP COLUMN outcomes;
CREATE TABLE customers (
    customer_id text PRIMARY KEY,
    seen        jsonb
);
