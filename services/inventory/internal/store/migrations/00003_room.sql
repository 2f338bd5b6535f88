-- +goose Up
-- A row is written some times while its order is under way. With room on its page a new version needs no new index entries.
ALTER TABLE reservations SET (fillfactor = 50);
ALTER TABLE stock SET (fillfactor = 50);

-- +goose Down
ALTER TABLE reservations RESET (fillfactor);
ALTER TABLE stock RESET (fillfactor);
