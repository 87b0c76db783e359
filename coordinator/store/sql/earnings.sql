-- From pending to confirmed. Amounts of a day are sums of meter_days less what was reversed of it.

-- name: select_first_work_day
SELECT min(day) AS day FROM meter_days;

-- name: select_last_confirmed_day
SELECT max(day) AS day FROM confirmed_days;

-- name: insert_confirmed_day
INSERT INTO confirmed_days (day, confirmed) VALUES (?1, ?2);

-- name: keep_withheld_days
INSERT INTO withheld_days (node, day)
SELECT DISTINCT s.node, d.day FROM meter_days d JOIN meter_sources s ON s.number = d.source
WHERE d.day = ?1 AND s.node IN (SELECT node FROM withheld_nodes WHERE decided IS NULL)
ON CONFLICT (node, day) DO NOTHING;

-- name: sum_owner_day
-- Of all nodes but those withheld that day (?2 empty), or of one node.
SELECT s.owner AS owner, s.currency AS currency, sum(w.owner_share) AS micros
FROM (
    SELECT source, owner_share FROM meter_days WHERE day = ?1
    UNION ALL
    SELECT source, -owner_share FROM reversals WHERE day = ?1) w
    JOIN work_sources s ON s.source = w.source
WHERE CASE ?2 WHEN '' THEN s.node NOT IN (SELECT node FROM withheld_days WHERE day = ?1)
              ELSE s.node = ?2 END
GROUP BY s.owner, s.currency HAVING sum(w.owner_share) <> 0 ORDER BY s.owner, s.currency;

-- name: sum_partner_day
-- By referral: the owner or the customer whom the partner brought.
SELECT w.partner AS partner, w.referral AS referral, w.currency AS currency,
       sum(w.share) AS micros
FROM (
    SELECT s.owner_partner AS partner, s.owner AS referral, s.currency AS currency,
           s.node AS node, d.owner_partner_share AS share
    FROM meter_days d JOIN work_sources s ON s.source = d.source WHERE d.day = ?1
    UNION ALL
    SELECT s.owner_partner, s.owner, s.currency, s.node, -r.owner_partner_share
    FROM reversals r JOIN work_sources s ON s.source = r.source WHERE r.day = ?1
    UNION ALL
    SELECT s.customer_partner, s.customer, s.currency, s.node, d.customer_partner_share
    FROM meter_days d JOIN work_sources s ON s.source = d.source WHERE d.day = ?1
    UNION ALL
    SELECT s.customer_partner, s.customer, s.currency, s.node, -r.customer_partner_share
    FROM reversals r JOIN work_sources s ON s.source = r.source WHERE r.day = ?1) w
WHERE w.partner IS NOT NULL
  AND CASE ?2 WHEN '' THEN w.node NOT IN (SELECT node FROM withheld_days WHERE day = ?1)
              ELSE w.node = ?2 END
GROUP BY w.partner, w.referral, w.currency HAVING sum(w.share) <> 0
ORDER BY w.partner, w.referral, w.currency;

-- name: select_commission_month
SELECT earned, confirmed FROM commission_months
WHERE partner = ?1 AND referral = ?2 AND month = ?3 AND currency = ?4;

-- name: add_commission
INSERT INTO commission_months (partner, referral, month, currency, earned, confirmed)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (partner, referral, month, currency) DO UPDATE SET
    earned = earned + excluded.earned, confirmed = confirmed + excluded.confirmed;

-- name: select_commission_cap
SELECT micros FROM commission_caps WHERE partner = ?1 AND currency = ?2;

-- name: put_commission_cap
INSERT INTO commission_caps (partner, currency, micros) VALUES (?1, ?2, ?3)
ON CONFLICT (partner, currency) DO UPDATE SET micros = excluded.micros;

-- name: list_months_of_contracts
-- Contracts in force on the month's last day, and what the month's work of their owners came to:
-- the price paid, the owner's shares, and the hours on offer of devices that were checked or used.
SELECT c.id AS contract, c.owner AS owner, c.currency AS currency, c.terms AS terms,
       (SELECT coalesce(sum(w.price), 0) FROM work_of_days w
        WHERE w.owner = c.owner AND w.currency = c.currency AND w.day >= ?1 AND w.day < ?2)
       - (SELECT coalesce(sum(r.price), 0) FROM work_sources s CROSS JOIN reversals r
          ON r.source = s.source AND r.day >= ?1 AND r.day < ?2
          WHERE s.owner = c.owner AND s.currency = c.currency) AS gross,
       (SELECT coalesce(sum(w.owner_share), 0) FROM work_of_days w
        WHERE w.owner = c.owner AND w.currency = c.currency AND w.day >= ?1 AND w.day < ?2)
       - (SELECT coalesce(sum(r.owner_share), 0) FROM work_sources s CROSS JOIN reversals r
          ON r.source = s.source AND r.day >= ?1 AND r.day < ?2
          WHERE s.owner = c.owner AND s.currency = c.currency) AS earned,
       (SELECT coalesce(sum(offered), 0) / 3600000000
        FROM (SELECT sum(d.idle + d.useful + d.loading + d.reclaimed + d.connection + d.engine
                         + d.rejected + d.repeated + d.verification + d.cancelled + d.waiting)
                     AS offered
              FROM sites t CROSS JOIN nodes n ON n.site = t.id
                           CROSS JOIN node_days d ON d.node = n.id AND d.day >= ?1 AND d.day < ?2
              WHERE t.owner = c.owner
              GROUP BY d.node HAVING sum(d.useful + d.verification) > 0)) AS hours
FROM revenue_contracts c
WHERE c.signed IS NOT NULL AND c.first_day < ?2 AND (c.end_day IS NULL OR c.end_day >= ?2)
ORDER BY c.id;

-- name: insert_withheld_node
INSERT INTO withheld_nodes (node, since, reason) VALUES (?1, ?2, ?3);

-- name: select_withheld_node
SELECT since FROM withheld_nodes WHERE node = ?1 AND decided IS NULL;

-- name: decide_withheld_node
UPDATE withheld_nodes SET decision = ?2, decided = ?3, decided_by = ?4
WHERE node = ?1 AND decided IS NULL;

-- name: list_withheld_days
SELECT day FROM withheld_days WHERE node = ?1 ORDER BY day;

-- name: select_withheld_day
SELECT 1 AS withheld FROM withheld_days WHERE node = ?1 AND day = ?2;

-- name: delete_withheld_days
DELETE FROM withheld_days WHERE node = ?1;

-- name: list_withheld_nodes
SELECT w.node AS node, n.site AS site, s.owner AS owner, w.since AS since, w.reason AS reason,
       w.decision AS decision, w.decided AS decided, w.decided_by AS decided_by
FROM withheld_nodes w JOIN nodes n ON n.id = w.node JOIN sites s ON s.id = n.site
ORDER BY w.decided IS NOT NULL, w.decided DESC, w.since DESC, w.node LIMIT ?1;

-- name: list_node_days_with_work
-- Days of a node's sources from ?2 on; confirmed days only where they are withheld.
SELECT s.source AS source, d.day AS day
FROM work_sources s CROSS JOIN meter_days d ON d.source = s.source
WHERE s.node = ?1 AND (d.day > ?2 OR d.day IN (SELECT day FROM withheld_days WHERE node = ?1))
ORDER BY s.source, d.day;

-- name: sum_unreversed
SELECT count(*) AS parts, max(m.number) AS last, coalesce(sum(m.price), 0) AS price,
       coalesce(sum(m.owner_share), 0) AS owner_share,
       coalesce(sum(m.owner_partner_share), 0) AS owner_partner_share,
       coalesce(sum(m.customer_partner_share), 0) AS customer_partner_share
FROM meters m
WHERE m.source = ?1 AND m.number >= ?2 AND m.number <= ?3
  AND NOT EXISTS (SELECT 1 FROM reversals r
                  WHERE r.source = m.source AND m.number BETWEEN r.first AND r.last);

-- name: insert_reversal
INSERT INTO reversals (source, first, last, day, entry, reason, ordered_by, parts, price,
                       owner_share, owner_partner_share, customer_partner_share)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12);

-- name: select_work_source
SELECT node, owner, owner_partner, customer, customer_partner, currency
FROM work_sources WHERE source = ?1;

-- name: select_receipt_time
SELECT CAST(json_extract(json, '$.created') AS INTEGER) * 1000000 AS created
FROM receipts WHERE request = ?1;

-- name: list_records_of_request
SELECT source, number FROM meters WHERE number >= ?2 AND number < ?3 AND request = ?1;
