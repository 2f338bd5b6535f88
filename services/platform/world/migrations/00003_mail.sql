-- +goose Up
CREATE TABLE mails (
    seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL,
    sender     text NOT NULL,
    recipient  text NOT NULL,
    message_id text NOT NULL,
    content    text NOT NULL
);
CREATE INDEX mails_by_recipient ON mails (recipient, seq);

-- +goose Down
DROP TABLE mails;
