-- +goose Up
CREATE TABLE steps (
    saga   text PRIMARY KEY,
    number bigint NOT NULL,
    status text   NOT NULL
);

-- +goose Down
DROP TABLE steps;
