-- +goose Up
-- The last receipts of a SKU, so that one heard of again is not counted again.
ALTER TABLE skus ADD COLUMN receipts json NOT NULL DEFAULT '[]';

-- +goose Down
ALTER TABLE skus DROP COLUMN receipts;
