-- +goose Up
-- What carriers notified of, each id once, for as long as it may be sent again.
CREATE TABLE notifications (
    id          text PRIMARY KEY,
    kind        text        NOT NULL,
    order_id    text        NOT NULL,
    digest      bytea       NOT NULL, -- of the scan, not of its body
    outcome     text        NOT NULL DEFAULT '', -- empty until something came of it
    received_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX notifications_by_age ON notifications (received_at);

-- +goose Down
DROP TABLE notifications;
