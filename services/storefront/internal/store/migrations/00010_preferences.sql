-- +goose Up
CREATE TABLE preferences (
    customer_id text COLLATE "C" PRIMARY KEY,
    chosen      jsonb
);
ALTER TABLE preferences ENABLE ROW LEVEL SECURITY;
-- +goose StatementBegin
DO $$
DECLARE
    customer text := current_database() || '_customer';
BEGIN
    EXECUTE format('GRANT SELECT ON preferences TO %I', customer);
    EXECUTE format('CREATE POLICY own_preferences ON preferences FOR SELECT TO %I
        USING (customer_id = current_setting(''orderflow.customer'', true))', customer);
    EXECUTE 'CREATE POLICY all_preferences ON preferences FOR SELECT TO orderflow_reader USING (true)';
END $$;
-- +goose StatementEnd

-- +goose Down
DROP TABLE preferences;
