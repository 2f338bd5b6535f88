-- +goose Up
-- What others said last, by the key it is about and the event's name: for decisions about other keys.
CREATE TABLE engine.known (
    key    text PRIMARY KEY,
    latest json NOT NULL
);

-- The last number given in each series that has neither gaps nor repeats.
CREATE TABLE engine.series (
    name   text PRIMARY KEY,
    number bigint NOT NULL
) WITH (fillfactor = 50);

-- +goose Down
DROP TABLE engine.series, engine.known;
