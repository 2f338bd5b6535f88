-- +goose Up
-- An order leaves in one parcel or in several: what is of one parcel becomes an entry of a list.
ALTER TABLE shipments
    ADD COLUMN ended   text  NOT NULL DEFAULT '',
    ADD COLUMN parcels jsonb NOT NULL DEFAULT 'null';
UPDATE shipments SET ended = status WHERE shipment_id = '' AND status IN ('rejected', 'withdrawn');
UPDATE shipments SET parcels = jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
    'id', shipment_id, 'status', status, 'label', label, 'carrier', carrier, 'tracking_number', tracking_number,
    'labelled_at', to_char(labelled_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'packed', packed, 'paid', paid, 'lines', lines))) WHERE shipment_id <> '';
ALTER TABLE shipments
    DROP COLUMN status, DROP COLUMN shipment_id, DROP COLUMN label, DROP COLUMN carrier, DROP COLUMN tracking_number,
    DROP COLUMN labelled_at, DROP COLUMN packed, DROP COLUMN paid, DROP COLUMN lines,
    ALTER COLUMN ended DROP DEFAULT, ALTER COLUMN parcels DROP DEFAULT,
    ADD CHECK (NOT parcels @? '$[*] ? ((@.status == "dispatched" || @.status == "delivered" || @.status == "lost")
        && !(@.packed == true && @.paid == true && @.label == "bought"))');

-- +goose Down
-- Of orders in several parcels only the first fits into the columns of before.
ALTER TABLE shipments
    ADD COLUMN status          text    NOT NULL DEFAULT 'waiting',
    ADD COLUMN shipment_id     text    NOT NULL DEFAULT '',
    ADD COLUMN label           text    NOT NULL DEFAULT '',
    ADD COLUMN carrier         text    NOT NULL DEFAULT '',
    ADD COLUMN tracking_number text    NOT NULL DEFAULT '',
    ADD COLUMN labelled_at     timestamptz,
    ADD COLUMN packed          boolean NOT NULL DEFAULT false,
    ADD COLUMN paid            boolean NOT NULL DEFAULT false,
    ADD COLUMN lines           jsonb   NOT NULL DEFAULT 'null';
UPDATE shipments SET status = ended WHERE ended <> '';
UPDATE shipments SET status = p ->> 'status', shipment_id = p ->> 'id', label = coalesce(p ->> 'label', ''),
    carrier = coalesce(p ->> 'carrier', ''), tracking_number = coalesce(p ->> 'tracking_number', ''),
    labelled_at = (p ->> 'labelled_at')::timestamptz, packed = coalesce((p ->> 'packed')::boolean, false),
    paid = coalesce((p ->> 'paid')::boolean, false), lines = p -> 'lines'
FROM (SELECT order_id AS id, parcels -> 0 AS p FROM shipments) first WHERE first.id = order_id AND jsonb_typeof(p) = 'object';
ALTER TABLE shipments DROP COLUMN ended, DROP COLUMN parcels,
    ADD CHECK (status NOT IN ('dispatched', 'delivered', 'lost') OR (packed AND paid AND label = 'bought'));
