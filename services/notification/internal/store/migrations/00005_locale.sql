-- +goose Up
-- The locale in which a customer's inbox reads where nothing is sent.
ALTER TABLE customers ADD COLUMN locale text NOT NULL DEFAULT '';
-- +goose StatementBegin
DO $$
BEGIN
    IF to_regclass('engine.known') IS NOT NULL THEN
        UPDATE customers SET locale = COALESCE(k.latest -> 'storefront.preferences_changed.v1' ->> 'locale', '')
        FROM engine.known AS k WHERE k.key = customer_id;
    END IF;
END $$;
-- +goose StatementEnd

-- +goose Down
ALTER TABLE customers DROP COLUMN locale;
