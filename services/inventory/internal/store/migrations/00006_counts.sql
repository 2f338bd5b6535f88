-- +goose Up
-- What a stock-taking did not find of the goods set aside, and which one.
ALTER TABLE reservations ADD COLUMN lost jsonb, ADD COLUMN count text NOT NULL DEFAULT '';

-- What was answered to each idempotency key. The request it came with is kept only as a hash.
CREATE TABLE idempotency_keys (
    caller       text        NOT NULL,
    route        text        NOT NULL,
    key          text        NOT NULL,
    fingerprint  bytea       NOT NULL,
    id           text        NOT NULL,
    created_at   timestamptz NOT NULL,
    busy_until   timestamptz NOT NULL,
    status       integer, -- none as long as no answer is kept
    location     text,
    content_type text,
    body         bytea,
    PRIMARY KEY (caller, route, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- +goose Down
DROP TABLE idempotency_keys;
ALTER TABLE reservations DROP COLUMN lost, DROP COLUMN count;
