-- +goose Up
-- Customers' queries run as the role of customers, which sees one customer's orders: the one in the setting orderflow.customer.
-- The service's own role is the owner, to which policies do not apply.
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
-- +goose StatementBegin
DO $$
DECLARE
    customer text := current_database() || '_customer';
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), customer);
    EXECUTE format('GRANT SELECT ON orders TO %I', customer);
    EXECUTE format('CREATE POLICY own_orders ON orders FOR SELECT TO %I
        USING (customer_id = current_setting(''orderflow.customer'', true))', customer);
    EXECUTE 'CREATE POLICY all_orders ON orders FOR SELECT TO orderflow_reader USING (true)';
END $$;
-- +goose StatementEnd

-- +goose Down
DROP POLICY all_orders ON orders;
DROP POLICY own_orders ON orders;
-- +goose StatementBegin
DO $$ BEGIN
    EXECUTE format('REVOKE SELECT ON orders FROM %I', current_database() || '_customer');
END $$;
-- +goose StatementEnd
ALTER TABLE orders DISABLE ROW LEVEL SECURITY;
