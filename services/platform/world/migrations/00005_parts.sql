-- +goose Up
ALTER TABLE gateway_book ADD COLUMN part boolean NOT NULL DEFAULT false; -- captured, and the rest left authorised; authorised for that

-- +goose Down
ALTER TABLE gateway_book DROP COLUMN part;
