-- +goose Up
-- An order is picked as one parcel or as several: what is of one parcel becomes an entry of a list.
ALTER TABLE picks
    ADD COLUMN cancelled boolean NOT NULL DEFAULT false,
    ADD COLUMN parcels   jsonb   NOT NULL DEFAULT 'null';
UPDATE picks SET cancelled = status = 'cancelled', parcels = CASE shipment_id WHEN '' THEN 'null'
    ELSE jsonb_build_array(jsonb_build_object('shipment_id', shipment_id, 'status', status)) END;
ALTER TABLE picks DROP COLUMN status, DROP COLUMN shipment_id,
    ALTER COLUMN cancelled DROP DEFAULT, ALTER COLUMN parcels DROP DEFAULT;

-- +goose Down
-- Of orders in several parcels only the first fits into the columns of before.
ALTER TABLE picks
    ADD COLUMN status      text NOT NULL DEFAULT 'waiting',
    ADD COLUMN shipment_id text NOT NULL DEFAULT '';
UPDATE picks SET status = parcels -> 0 ->> 'status', shipment_id = parcels -> 0 ->> 'shipment_id'
    WHERE jsonb_typeof(parcels -> 0) = 'object';
UPDATE picks SET status = 'cancelled' WHERE cancelled;
ALTER TABLE picks DROP COLUMN cancelled, DROP COLUMN parcels;
