-- Contracts with customers: reservations (devices > 0) and commitments.

-- name: insert_customer_contract
INSERT INTO customer_contracts (id, project, customer, currency, device_class, devices, privacy,
                                begins, months, renews, wanted_end, monthly, deposit,
                                reprice_threshold, reprice_fee, termination_penalty, offered,
                                offered_by, valid_until, billed_until)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20);

-- name: select_customer_contract
SELECT * FROM customer_contracts WHERE id = ?1;

-- name: list_customer_contracts
SELECT * FROM customer_contracts WHERE customer = ?1 ORDER BY offered, id;

-- name: list_all_customer_contracts
SELECT * FROM customer_contracts ORDER BY offered, id;

-- name: list_live_customer_contracts
SELECT * FROM customer_contracts WHERE signed IS NOT NULL AND settled = 0
ORDER BY device_class, begins, id;

-- name: list_running_reservations
SELECT * FROM customer_contracts
WHERE signed IS NOT NULL AND settled = 0 AND device_class > '' AND begins <= ?1
  AND (ends IS NULL OR ends > ?1)
ORDER BY device_class, begins, id;

-- name: list_promises
-- Signed promises of a class that overlap with [?2, ?3); ?3 NULL: for ever.
SELECT devices, begins, ends FROM customer_contracts
WHERE signed IS NOT NULL AND settled = 0 AND device_class = ?1 AND (?3 IS NULL OR begins < ?3)
  AND (ends IS NULL OR ends > ?2);

-- name: select_other_commitment
-- A signed one of the project that overlaps with [?2, ?3); ?3 NULL: for ever.
SELECT 1 AS found FROM customer_contracts
WHERE project = ?1 AND signed IS NOT NULL AND devices = 0 AND (?3 IS NULL OR begins < ?3)
  AND (ends IS NULL OR ends > max(?2, begins)) LIMIT 1;

-- name: sign_customer_contract
UPDATE customer_contracts SET signed = ?2, signed_by = ?3, ends = ?4
WHERE id = ?1 AND signed IS NULL;

-- name: end_customer_contract
UPDATE customer_contracts SET ends = ?2, end_reason = ?3
WHERE id = ?1 AND (ends IS NULL OR ends >= ?2);

-- name: settle_customer_contract
UPDATE customer_contracts SET settled = 1 WHERE id = ?1;

-- name: note_billed_until
UPDATE customer_contracts SET billed_until = ?2 WHERE id = ?1;

-- name: insert_contract_price
INSERT INTO contract_prices (contract, begins, price_book, hour, monthly, fee)
VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- name: list_contract_prices
SELECT begins, price_book, hour, monthly, fee FROM contract_prices WHERE contract = ?1
ORDER BY begins;

-- name: select_locked_book
SELECT p.price_book AS price_book
FROM customer_contracts c CROSS JOIN contract_prices p ON p.contract = c.id
WHERE c.project = ?1 AND c.devices = 0 AND c.signed IS NOT NULL AND c.begins <= ?2
  AND (c.ends IS NULL OR c.ends > ?2) AND p.begins <= ?2
ORDER BY c.begins DESC, p.begins DESC LIMIT 1;

-- name: sum_tokens_of_project
SELECT w.model AS model, sum(w.prompt_tokens) AS prompt_tokens,
       sum(w.cached_tokens) AS cached_tokens, sum(w.generated_tokens) AS generated_tokens
FROM work_of_days w WHERE w.customer = ?1 AND w.project = ?2 AND w.day >= ?3
GROUP BY w.model;

-- name: sum_spent_of_project
-- On work: hours of reserved machines are paid beside it.
SELECT coalesce(sum(w.price), 0) AS micros
FROM work_of_days w
WHERE w.customer = ?1 AND w.project = ?2 AND w.day >= ?3 AND w.day < ?4 AND w.model <> 'reserved';

-- name: add_reserved_use
INSERT INTO reserved_use (contract, hour, node, site, owner, device_micros, reference_micros)
SELECT ?1, max(?2, billed_until), ?3, ?4, ?5, ?6, ?7 FROM customer_contracts WHERE id = ?1
ON CONFLICT (contract, hour, node) DO UPDATE SET
    device_micros = device_micros + excluded.device_micros,
    reference_micros = reference_micros + excluded.reference_micros;

-- name: add_unfunded
INSERT INTO reserved_hours (contract, hour, unfunded) VALUES (?1, ?2, ?3)
ON CONFLICT (contract, hour) DO UPDATE SET unfunded = unfunded + excluded.unfunded;

-- name: list_reserved_use
SELECT node, site, owner, device_micros, reference_micros FROM reserved_use
WHERE contract = ?1 AND hour = ?2 ORDER BY node;

-- name: forget_reserved_use
DELETE FROM reserved_use WHERE contract = ?1 AND hour = ?2;

-- name: select_unfunded
SELECT unfunded FROM reserved_hours WHERE contract = ?1 AND hour = ?2;

-- name: put_reserved_hour
INSERT INTO reserved_hours (contract, hour, promised, delivered, charged)
VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (contract, hour) DO UPDATE SET
    promised = excluded.promised, delivered = excluded.delivered, charged = excluded.charged;

-- name: sum_unbilled_use
SELECT coalesce(sum(device_micros), 0) AS micros FROM reserved_use WHERE contract = ?1;

-- name: sum_reserved_hours
SELECT coalesce(sum(promised), 0) AS promised, coalesce(sum(delivered), 0) AS delivered,
       coalesce(sum(charged), 0) AS charged
FROM reserved_hours WHERE contract = ?1 AND hour >= ?2 AND hour < ?3;

-- name: list_contracts_of_month
-- Signed ones that were in force at some time of [?1, ?2).
SELECT * FROM customer_contracts
WHERE signed IS NOT NULL AND begins < ?2 AND (ends IS NULL OR ends > ?1) ORDER BY offered, id;
