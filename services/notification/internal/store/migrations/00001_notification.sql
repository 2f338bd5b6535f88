-- +goose Up
CREATE TABLE orders (
    order_id    text COLLATE "C" PRIMARY KEY,
    customer_id text NOT NULL,
    email       text NOT NULL,
    told        jsonb,
    held        jsonb
) WITH (fillfactor = 50); -- a row is written some times while its order is under way

CREATE TABLE mailboxes (
    key     text COLLATE "C" PRIMARY KEY,
    sending jsonb,
    waiting jsonb,
    stopped text NOT NULL,
    recent  jsonb
) WITH (fillfactor = 50);

CREATE TABLE customers (
    customer_id text COLLATE "C" PRIMARY KEY,
    promoted    boolean NOT NULL,
    offered     jsonb,
    stopped     text NOT NULL,
    sending     text NOT NULL
);
CREATE INDEX customers_promoted ON customers (customer_id) WHERE promoted;

CREATE TABLE promotions (
    promotion_id text COLLATE "C" PRIMARY KEY,
    told         jsonb
);

CREATE TABLE messages (
    message_id  text COLLATE "C" PRIMARY KEY,
    customer_id text NOT NULL, -- empty until the message is in the inbox
    at          timestamptz NOT NULL,
    order_id    text NOT NULL, -- empty in promotions
    message     jsonb NOT NULL,
    promotion   text NOT NULL,
    locale      text NOT NULL,
    steps       jsonb
) WITH (fillfactor = 50);
CREATE INDEX messages_of_customer ON messages (customer_id, at, message_id) WHERE customer_id <> '';
CREATE INDEX messages_by_time ON messages (at, message_id) WHERE customer_id <> '';
CREATE INDEX messages_of_order ON messages (order_id) WHERE order_id <> '';

ALTER TABLE messages ENABLE ROW LEVEL SECURITY;
-- +goose StatementBegin
DO $$
DECLARE
    customer text := current_database() || '_customer';
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), customer);
    EXECUTE format('GRANT SELECT ON messages TO %I', customer);
    EXECUTE format('CREATE POLICY own_messages ON messages FOR SELECT TO %I
        USING (customer_id = current_setting(''orderflow.customer'', true))', customer);
    EXECUTE 'CREATE POLICY all_messages ON messages FOR SELECT TO orderflow_reader USING (true)';
END $$;
-- +goose StatementEnd

-- How far a promotion was offered: to the customers up to this one.
CREATE TABLE rounds (
    promotion_id text COLLATE "C" PRIMARY KEY,
    through      text COLLATE "C" NOT NULL,
    done         boolean NOT NULL
);

-- What was handed to a provider that cannot be asked what it took. It is written before, and marked after.
CREATE TABLE handed_over (
    id    text COLLATE "C" PRIMARY KEY,
    at    timestamptz NOT NULL DEFAULT now(),
    taken boolean NOT NULL DEFAULT false
);

-- +goose Down
DROP TABLE handed_over, rounds, messages, promotions, customers, mailboxes, orders;
