-- What is behind the lines of a statement. ?1: the party, ?2: the currency, [?3, ?4): numbers,
-- ?5 and ?6: which line (empty: any), ?7: how many. Each shows a party what is its business.

-- name: owner_records
SELECT m.number AS number, m.request AS request, m.attempt_key AS attempt_key, s.node AS node,
       (SELECT hostname FROM nodes WHERE id = s.node) AS hostname, s.device_class AS device_class,
       s.model AS model, m.prompt_tokens AS prompt_tokens, m.cached_tokens AS cached_tokens,
       m.generated_tokens AS generated_tokens, m.device_micros AS device_micros,
       m.reference_micros AS reference_micros, m.price AS price, m.owner_share AS amount,
       '' AS owner, '' AS customer
FROM (SELECT m.number AS number
      FROM work_sources s CROSS JOIN meters m ON m.source = s.source
      WHERE s.owner = ?1 AND s.currency = ?2 AND m.number >= ?3 AND m.number < ?4
          AND (?5 = '' OR s.node = ?5) AND (?6 = '' OR s.device_class = ?6)
      ORDER BY m.number LIMIT ?7) w
     CROSS JOIN meters m ON m.number = w.number
     CROSS JOIN meter_sources s ON s.number = m.source
ORDER BY w.number;

-- name: partner_records_by_owner
SELECT m.number AS number, '' AS request, '' AS attempt_key, '' AS node, '' AS hostname,
       '' AS device_class, '' AS model, m.prompt_tokens AS prompt_tokens,
       m.cached_tokens AS cached_tokens, m.generated_tokens AS generated_tokens,
       m.device_micros AS device_micros, m.reference_micros AS reference_micros, m.price AS price,
       m.owner_partner_share AS amount, s.owner AS owner, '' AS customer
FROM (SELECT m.number AS number
      FROM work_sources s CROSS JOIN meters m ON m.source = s.source
      WHERE s.owner_partner = ?1 AND s.currency = ?2 AND m.number >= ?3 AND m.number < ?4
          AND (?5 = '' OR s.owner = ?5) AND ?6 = ''
      ORDER BY m.number LIMIT ?7) w
     CROSS JOIN meters m ON m.number = w.number
     CROSS JOIN meter_sources s ON s.number = m.source
ORDER BY w.number;

-- name: partner_records_by_customer
SELECT m.number AS number, '' AS request, '' AS attempt_key, '' AS node, '' AS hostname,
       '' AS device_class, '' AS model, m.prompt_tokens AS prompt_tokens,
       m.cached_tokens AS cached_tokens, m.generated_tokens AS generated_tokens,
       m.device_micros AS device_micros, m.reference_micros AS reference_micros, m.price AS price,
       m.customer_partner_share AS amount, '' AS owner, s.customer AS customer
FROM (SELECT m.number AS number
      FROM work_sources s CROSS JOIN meters m ON m.source = s.source
      WHERE s.customer_partner = ?1 AND s.currency = ?2 AND m.number >= ?3 AND m.number < ?4
          AND (?5 = '' OR s.customer = ?5) AND ?6 = ''
      ORDER BY m.number LIMIT ?7) w
     CROSS JOIN meters m ON m.number = w.number
     CROSS JOIN meter_sources s ON s.number = m.source
ORDER BY w.number;

-- name: customer_records
SELECT m.number AS number, m.request AS request, m.attempt_key AS attempt_key, '' AS node,
       '' AS hostname, s.device_class AS device_class, s.model AS model,
       m.prompt_tokens AS prompt_tokens, m.cached_tokens AS cached_tokens,
       m.generated_tokens AS generated_tokens, m.device_micros AS device_micros,
       m.reference_micros AS reference_micros, m.price AS price, -m.price AS amount, '' AS owner,
       '' AS customer
FROM (SELECT m.number AS number
      FROM work_sources s CROSS JOIN meters m ON m.source = s.source
      WHERE s.customer = ?1 AND s.currency = ?2 AND m.number >= ?3 AND m.number < ?4
          AND (?5 = '' OR s.model = ?5) AND ?6 = ''
      ORDER BY m.number LIMIT ?7) w
     CROSS JOIN meters m ON m.number = w.number
     CROSS JOIN meter_sources s ON s.number = m.source
ORDER BY w.number;

-- name: platform_records
SELECT m.number AS number, m.request AS request, m.attempt_key AS attempt_key, s.node AS node,
       (SELECT hostname FROM nodes WHERE id = s.node) AS hostname, s.device_class AS device_class,
       s.model AS model, m.prompt_tokens AS prompt_tokens, m.cached_tokens AS cached_tokens,
       m.generated_tokens AS generated_tokens, m.device_micros AS device_micros,
       m.reference_micros AS reference_micros, m.price AS price,
       m.price - m.owner_share - m.owner_partner_share - m.customer_partner_share AS amount,
       s.owner AS owner, s.customer AS customer
FROM meters m CROSS JOIN work_sources s ON s.source = m.source
WHERE ?1 = '' AND s.currency = ?2 AND m.number >= ?3 AND m.number < ?4
    AND (?5 = '' OR s.model = ?5) AND ?6 = ''
ORDER BY m.number LIMIT ?7;

-- name: list_statement_entries
-- ?1 and ?2: the accounts of one statement, [?3, ?4): entry numbers, ?5: the kind (empty: any).
SELECT e.number AS number, e.kind AS kind, e.key AS key, sum(p.micros) AS amount
FROM entries e INDEXED BY entries_but_charges
     CROSS JOIN postings p ON p.account IN (?1, ?2) AND p.entry = e.number
WHERE e.kind <> 'charge' AND e.kind <> 'hold' AND e.kind <> 'release'
    AND e.number >= ?3 AND e.number < ?4 AND (?5 = '' OR e.kind = ?5)
GROUP BY e.number HAVING sum(p.micros) <> 0 ORDER BY e.number LIMIT ?6;

-- name: list_statement_holds
-- ?1: the customer, ?2: the currency, [?3, ?4): entry numbers, ?5: the last job's number.
SELECT j.number AS number, j.created AS at, j.id AS job, -sum(p.micros) AS amount
FROM jobs j CROSS JOIN accounts a ON a.number = j.hold_account AND a.currency = ?2
            CROSS JOIN postings p ON p.account = j.hold_account
WHERE j.customer = ?1 AND j.number > ?5 AND p.entry >= ?3 AND p.entry < ?4
GROUP BY j.number HAVING sum(p.micros) <> 0 ORDER BY j.number LIMIT ?6;
