-- Contracts with owners about their share. A contract holds on the days [first_day, end_day).

-- name: insert_revenue_contract
INSERT INTO revenue_contracts (id, owner, currency, terms, first_day, end_day, proposed,
                               proposed_by)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- name: select_revenue_contract
SELECT id, owner, currency, terms, first_day, end_day, proposed, proposed_by, signed, signed_by
FROM revenue_contracts WHERE id = ?1;

-- name: list_revenue_contracts
SELECT id, owner, currency, terms, first_day, end_day, proposed, proposed_by, signed, signed_by
FROM revenue_contracts WHERE owner = ?1 ORDER BY first_day, proposed, id;

-- name: select_revenue_contract_in_force
SELECT terms FROM revenue_contracts
WHERE owner = ?1 AND currency = ?2 AND signed IS NOT NULL AND first_day <= ?3
  AND (end_day IS NULL OR end_day > ?3)
ORDER BY first_day DESC LIMIT 1;

-- name: select_overlapping_revenue_contract
SELECT id, first_day, end_day FROM revenue_contracts
WHERE owner = ?1 AND currency = ?2 AND signed IS NOT NULL AND id <> ?3
  AND (?5 IS NULL OR first_day < ?5) AND (end_day IS NULL OR end_day > ?4)
ORDER BY first_day LIMIT 1;

-- name: sign_revenue_contract
UPDATE revenue_contracts SET signed = ?2, signed_by = ?3 WHERE id = ?1 AND signed IS NULL;

-- name: end_revenue_contract
UPDATE revenue_contracts SET end_day = ?2 WHERE id = ?1 AND (end_day IS NULL OR end_day > ?2);
