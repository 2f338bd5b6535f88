-- +goose Up
-- What is printed on a label, and whose it is. Of parcels before, it is filled in from the events that asked for their labels and
-- bought them, except whose they are: only operators read those labels.
ALTER TABLE shipments
    ADD COLUMN customer_id text  NOT NULL DEFAULT '',
    ADD COLUMN ship_to     jsonb NOT NULL DEFAULT '{"name": "", "line1": "", "city": "", "postcode": "", "country": ""}',
    ADD COLUMN labelled_at timestamptz;
-- +goose StatementBegin
DO $$ BEGIN
    IF to_regclass('engine.outbox') IS NOT NULL THEN
        UPDATE shipments SET ship_to = e.data::jsonb -> 'ship_to'
        FROM engine.outbox e WHERE e.key = order_id AND e.type = 'shipping.label_requested.v1';
        UPDATE shipments SET labelled_at = e.at
        FROM engine.outbox e WHERE e.key = order_id AND e.type = 'shipping.prepared.v1';
    END IF;
END $$;
-- +goose StatementEnd

-- Customers' queries run as the role of customers, which sees one customer's shipments: see database.AsCustomer.
ALTER TABLE shipments ENABLE ROW LEVEL SECURITY;
-- +goose StatementBegin
DO $$
DECLARE
    customer text := current_database() || '_customer';
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), customer);
    EXECUTE format('GRANT SELECT ON shipments TO %I', customer);
    EXECUTE format('CREATE POLICY own_shipments ON shipments FOR SELECT TO %I
        USING (customer_id = current_setting(''orderflow.customer'', true))', customer);
    EXECUTE 'CREATE POLICY all_shipments ON shipments FOR SELECT TO orderflow_reader USING (true)';
END $$;
-- +goose StatementEnd

-- +goose Down
DROP POLICY all_shipments ON shipments;
DROP POLICY own_shipments ON shipments;
-- +goose StatementBegin
DO $$ BEGIN
    EXECUTE format('REVOKE SELECT ON shipments FROM %I', current_database() || '_customer');
END $$;
-- +goose StatementEnd
ALTER TABLE shipments DISABLE ROW LEVEL SECURITY;
ALTER TABLE shipments DROP COLUMN customer_id, DROP COLUMN ship_to, DROP COLUMN labelled_at;
