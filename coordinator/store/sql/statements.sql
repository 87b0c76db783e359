-- Periods' accounts. ?2 and ?3 bound a period [from, to) in microseconds.

-- name: sum_postings_from
SELECT coalesce(sum(micros), 0) AS micros FROM postings WHERE account = ?1 AND entry >= ?2;

-- name: sum_postings_by_kind
SELECT e.kind AS kind, count(*) AS items, 0 AS prompt_tokens, 0 AS generated_tokens,
       0 AS device_micros, sum(p.micros) AS amount
FROM postings p JOIN entries e ON e.number = p.entry
WHERE p.account = ?1 AND p.entry >= ?2 AND p.entry < ?3 AND e.kind <> 'charge'
GROUP BY e.kind ORDER BY e.kind;

-- name: owner_lines
SELECT s.node AS node, n.hostname AS hostname, s.device_class AS device_class, count(*) AS items,
       sum(m.prompt_tokens) AS prompt_tokens, sum(m.generated_tokens) AS generated_tokens,
       sum(m.device_micros) AS device_micros, sum(m.owner_share) AS amount
FROM meter_sources s CROSS JOIN meters m ON m.source = s.number
                     JOIN nodes n ON n.id = s.node
WHERE s.owner = ?1 AND m.number >= ?2 * 1024 AND m.number < ?3 * 1024
GROUP BY s.node, s.device_class ORDER BY s.node, s.device_class;

-- name: partner_lines_by_owner
SELECT o.id AS id, o.name AS name, count(*) AS items,
       sum(m.prompt_tokens) AS prompt_tokens, sum(m.generated_tokens) AS generated_tokens,
       sum(m.device_micros) AS device_micros, sum(m.owner_partner_share) AS amount
FROM meter_sources s CROSS JOIN meters m ON m.source = s.number
                     JOIN owners o ON o.id = s.owner
WHERE s.owner_partner = ?1 AND m.number >= ?2 * 1024 AND m.number < ?3 * 1024
GROUP BY o.id ORDER BY o.id;

-- name: partner_lines_by_customer
SELECT c.id AS id, c.name AS name, count(*) AS items,
       sum(m.prompt_tokens) AS prompt_tokens, sum(m.generated_tokens) AS generated_tokens,
       sum(m.device_micros) AS device_micros, sum(m.customer_partner_share) AS amount
FROM meter_sources s CROSS JOIN meters m ON m.source = s.number
                     JOIN customers c ON c.id = s.customer
WHERE s.customer_partner = ?1 AND m.number >= ?2 * 1024 AND m.number < ?3 * 1024
GROUP BY c.id ORDER BY c.id;

-- name: customer_lines
SELECT s.model AS model, date(m.number / 1024 / 1000000, 'unixepoch') AS day,
       sum(m.number % 1024 = 0) AS items,
       sum(m.prompt_tokens) AS prompt_tokens, sum(m.generated_tokens) AS generated_tokens,
       sum(m.device_micros) AS device_micros, -sum(m.price) AS amount
FROM meter_sources s CROSS JOIN meters m ON m.source = s.number
WHERE s.customer = ?1 AND m.number >= ?2 * 1024 AND m.number < ?3 * 1024
GROUP BY day, s.model ORDER BY day, s.model;

-- name: sum_customer_holds
SELECT count(DISTINCT j.number) AS items, coalesce(sum(p.micros), 0) AS amount
FROM jobs j CROSS JOIN postings p ON p.account = j.hold_account
WHERE j.customer = ?1 AND p.entry >= ?2 AND p.entry < ?3;

-- name: platform_lines
SELECT s.model AS model, sum(m.number % 1024 = 0) AS items,
       sum(m.prompt_tokens) AS prompt_tokens, sum(m.generated_tokens) AS generated_tokens,
       sum(m.device_micros) AS device_micros,
       sum(m.price - m.owner_share - m.owner_partner_share - m.customer_partner_share) AS amount
FROM meters m JOIN meter_sources s ON s.number = m.source
WHERE m.number >= ?1 * 1024 AND m.number < ?2 * 1024
GROUP BY s.model ORDER BY s.model;
