-- +goose Up
-- What a parcel left without.
ALTER TABLE reservations ADD COLUMN left_out jsonb;

-- +goose Down
ALTER TABLE reservations DROP COLUMN left_out;
