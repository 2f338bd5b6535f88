-- +goose Up
-- Customers' queries run as the role of customers, which sees what one customer looked at: see database.AsCustomer. Who has not
-- logged in sees what guests looked at, whose ids are their browsers' secrets.
ALTER TABLE visitors ENABLE ROW LEVEL SECURITY;
-- +goose StatementBegin
DO $$
DECLARE
    customer text := current_database() || '_customer';
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), customer);
    EXECUTE format('GRANT SELECT ON visitors TO %I', customer);
    EXECUTE format('CREATE POLICY own_visits ON visitors FOR SELECT TO %I
        USING (CASE current_setting(''orderflow.customer'', true) WHEN '''' THEN starts_with(key, ''guest:'')
            ELSE key = ''customer:'' || current_setting(''orderflow.customer'', true) END)', customer);
    EXECUTE 'CREATE POLICY all_visits ON visitors FOR SELECT TO orderflow_reader USING (true)';
END $$;
-- +goose StatementEnd

-- +goose Down
DROP POLICY all_visits ON visitors;
DROP POLICY own_visits ON visitors;
-- +goose StatementBegin
DO $$ BEGIN
    EXECUTE format('REVOKE SELECT ON visitors FROM %I', current_database() || '_customer');
END $$;
-- +goose StatementEnd
ALTER TABLE visitors DISABLE ROW LEVEL SECURITY;
