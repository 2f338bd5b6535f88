-- +goose Up
-- A row is written some times while its order is under way. With room on its page a new version needs no new index entries.
ALTER TABLE payments SET (fillfactor = 50);

-- +goose Down
ALTER TABLE payments RESET (fillfactor);
