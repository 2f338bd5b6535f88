-- +goose Up
CREATE TABLE cases (
    order_id     text PRIMARY KEY,
    status       text   NOT NULL,
    score        bigint NOT NULL CHECK (score BETWEEN 0 AND 100),
    rules        jsonb,
    decided_by   text   NOT NULL,
    operator     text   NOT NULL,
    review_since timestamptz
);

CREATE INDEX cases_open ON cases (order_id) WHERE status = 'in_review';

-- +goose Down
DROP TABLE cases;
