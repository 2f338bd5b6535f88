-- +goose Up
-- The parcels of an order that leaves in several. That of one stays in the columns of before, which an older process beside reads
-- and writes; of several they hold the first.
ALTER TABLE shipments
    ADD COLUMN parcels jsonb,
    ADD CHECK (parcels IS NULL OR NOT parcels @? '$[*] ? ((@.status == "dispatched" || @.status == "delivered" || @.status == "lost")
        && !(@.packed == true && @.paid == true && @.label == "bought"))');

-- +goose Down
ALTER TABLE shipments DROP COLUMN parcels;
