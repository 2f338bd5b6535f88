-- +goose Up
-- The journal, by order: its entries, and what the gateway accounts for. Days are texts as 2026-03-01.
CREATE TABLE accounts (
    order_id      text PRIMARY KEY,
    entries       jsonb,
    items         jsonb,
    first_day     text    NOT NULL, -- of its entries; empty if there is none
    last_day      text    NOT NULL,
    unsettled_day text    NOT NULL, -- the first of an item that nobody accounted for and nobody was told of, or empty
    discrepant    boolean NOT NULL
);
CREATE INDEX accounts_by_day ON accounts (last_day, first_day);
CREATE INDEX accounts_unsettled ON accounts (unsettled_day) WHERE unsettled_day <> '';
CREATE INDEX accounts_discrepant ON accounts (order_id) WHERE discrepant;

-- The business days. Times are texts that sort as they do.
CREATE TABLE days (
    day          text PRIMARY KEY,
    zone         text    NOT NULL,
    begins       text    NOT NULL,
    ends         text    NOT NULL,
    closes       text    NOT NULL,
    closed       boolean NOT NULL,
    closed_at    text    NOT NULL,
    entries      bigint  NOT NULL,
    late_entries bigint  NOT NULL,
    totals       jsonb,
    deferred     jsonb   NOT NULL,
    taken        jsonb   NOT NULL
);

-- The gateway's settlement files. One that was refused is told, and nothing is taken from it.
CREATE TABLE settlements (
    day     text PRIMARY KEY,
    asked   boolean NOT NULL,
    due     boolean NOT NULL,
    read_at text   NOT NULL, -- empty as long as no file is read
    lines   bigint NOT NULL,
    digest  text   NOT NULL,
    payout  jsonb,
    refused text   NOT NULL
);

-- +goose Down
DROP TABLE settlements;
DROP TABLE days;
DROP TABLE accounts;
