-- +goose Up
-- A payment is voided only where something was authorised.
UPDATE orders SET payment = 'none'
WHERE payment = 'voided' AND authorized = 0 OR payment = 'pending' AND final AND status IN ('rejected', 'cancelled');

-- +goose Down
UPDATE orders SET payment = CASE status WHEN 'rejected' THEN 'pending' ELSE 'voided' END WHERE payment = 'none';
