-- +goose Up
-- Customers' queries run as the role of customers, which sees one customer's invoices: see database.AsCustomer.
ALTER TABLE invoices ENABLE ROW LEVEL SECURITY;
-- +goose StatementBegin
DO $$
DECLARE
    customer text := current_database() || '_customer';
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), customer);
    EXECUTE format('GRANT SELECT ON invoices TO %I', customer);
    EXECUTE format('CREATE POLICY own_invoices ON invoices FOR SELECT TO %I
        USING (customer_id = current_setting(''orderflow.customer'', true))', customer);
    EXECUTE 'CREATE POLICY all_invoices ON invoices FOR SELECT TO orderflow_reader USING (true)';
END $$;
-- +goose StatementEnd

-- +goose Down
DROP POLICY all_invoices ON invoices;
DROP POLICY own_invoices ON invoices;
-- +goose StatementBegin
DO $$ BEGIN
    EXECUTE format('REVOKE SELECT ON invoices FROM %I', current_database() || '_customer');
END $$;
-- +goose StatementEnd
ALTER TABLE invoices DISABLE ROW LEVEL SECURITY;
