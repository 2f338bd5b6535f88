-- +goose Up
CREATE INDEX handed_over_by_age ON handed_over (at);

-- +goose Down
DROP INDEX handed_over_by_age;
