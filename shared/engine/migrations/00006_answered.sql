-- +goose Up
-- Inputs that led to own events, of which a database that was lost knows from its topic only: when it hears them again they
-- are shown, and not decided again. A row goes when that has happened.
CREATE TABLE engine.answered (id text PRIMARY KEY);

-- +goose Down
DROP TABLE engine.answered;
