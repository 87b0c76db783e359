-- Periods' accounts. ?2 and ?3 bound a period [from, to) in microseconds. Of it, the days [?4, ?5)
-- are whole and read as such; [?2, ?6) and [?7, ?3) are what is left at its ends. ?8: the currency.

-- name: sum_postings_from
SELECT coalesce(sum(micros), 0) AS micros FROM postings WHERE account = ?1 AND entry >= ?2;

-- name: sum_balance_at
-- The balance at ?2, in month ?3, which begins with ?4 and day ?5: the month before is closed.
SELECT coalesce((SELECT micros FROM month_balances
                 WHERE account = ?1 AND month < ?3 ORDER BY month DESC LIMIT 1), 0)
     + coalesce((SELECT sum(micros) FROM live_postings
                 WHERE account = ?1 AND entry >= ?4 AND entry < ?2), 0)
     + coalesce((SELECT sum(micros) FROM past_days
                 WHERE account = ?1 AND day >= ?5
                   AND day < (?2 + 28800000000) / 86400000000), 0) AS micros;

-- name: sum_postings_by_kind
-- Most entries are charges, which the lines of work stand for: their index leaves them out.
SELECT kind, sum(items) AS items, 0 AS prompt_tokens, 0 AS cached_tokens,
       0 AS generated_tokens, 0 AS device_micros, 0 AS reference_micros, sum(micros) AS amount
FROM (
    SELECT e.kind AS kind, 1 AS items, p.micros AS micros
    FROM entries e INDEXED BY entries_but_charges
         CROSS JOIN live_postings p ON p.account = ?1 AND p.entry = e.number
    WHERE e.kind <> 'charge' AND e.number >= ?2 AND e.number < ?3
    UNION ALL
    SELECT kind, items, micros FROM past_days
    WHERE account = ?1 AND day >= (?2 + 115199999999) / 86400000000
      AND day < (?3 + 115199999999) / 86400000000 AND kind <> 'charge')
GROUP BY kind ORDER BY kind;

-- name: owner_lines
SELECT site, (SELECT name FROM sites WHERE id = site) AS site_name,
       node, (SELECT hostname FROM nodes WHERE id = node) AS hostname, device_class,
       sum(parts) AS items, sum(prompt_tokens) AS prompt_tokens, sum(cached_tokens) AS cached_tokens,
       sum(generated_tokens) AS generated_tokens,
       sum(device_micros) AS device_micros, sum(reference_micros) AS reference_micros,
       sum(amount) AS amount
FROM (
    SELECT site, node, device_class, parts, requests, prompt_tokens, cached_tokens, generated_tokens,
           device_micros, reference_micros, owner_share AS amount
    FROM work_of_days WHERE owner = ?1 AND currency = ?8 AND day >= ?4 AND day < ?5
    UNION ALL
    SELECT site, node, device_class, parts, requests, prompt_tokens, cached_tokens, generated_tokens,
           device_micros, reference_micros, owner_share
    FROM work WHERE owner = ?1 AND currency = ?8
        AND number >= ?2 * 1024 AND number < ?6 * 1024
    UNION ALL
    SELECT site, node, device_class, parts, requests, prompt_tokens, cached_tokens, generated_tokens,
           device_micros, reference_micros, owner_share
    FROM work WHERE owner = ?1 AND currency = ?8
        AND number >= ?7 * 1024 AND number < ?3 * 1024)
GROUP BY site, node, device_class ORDER BY site_name, site, hostname, node, device_class;

-- name: partner_lines_by_owner
SELECT owner AS id, (SELECT name FROM owners WHERE id = owner) AS name,
       sum(parts) AS items, sum(prompt_tokens) AS prompt_tokens, sum(cached_tokens) AS cached_tokens,
       sum(generated_tokens) AS generated_tokens,
       sum(device_micros) AS device_micros, sum(reference_micros) AS reference_micros,
       sum(amount) AS amount
FROM (
    SELECT owner, parts, requests, prompt_tokens, cached_tokens, generated_tokens,
           device_micros, reference_micros, owner_partner_share AS amount
    FROM work_of_days WHERE owner_partner = ?1 AND currency = ?8 AND day >= ?4 AND day < ?5
    UNION ALL
    SELECT owner, parts, requests, prompt_tokens, cached_tokens, generated_tokens,
           device_micros, reference_micros, owner_partner_share
    FROM work WHERE owner_partner = ?1 AND currency = ?8
        AND number >= ?2 * 1024 AND number < ?6 * 1024
    UNION ALL
    SELECT owner, parts, requests, prompt_tokens, cached_tokens, generated_tokens,
           device_micros, reference_micros, owner_partner_share
    FROM work WHERE owner_partner = ?1 AND currency = ?8
        AND number >= ?7 * 1024 AND number < ?3 * 1024)
GROUP BY owner ORDER BY owner;

-- name: partner_lines_by_customer
SELECT customer AS id, (SELECT name FROM customers WHERE id = customer) AS name,
       sum(parts) AS items, sum(prompt_tokens) AS prompt_tokens, sum(cached_tokens) AS cached_tokens,
       sum(generated_tokens) AS generated_tokens,
       sum(device_micros) AS device_micros, sum(reference_micros) AS reference_micros,
       sum(amount) AS amount
FROM (
    SELECT customer, parts, requests, prompt_tokens, cached_tokens, generated_tokens,
           device_micros, reference_micros, customer_partner_share AS amount
    FROM work_of_days WHERE customer_partner = ?1 AND currency = ?8 AND day >= ?4 AND day < ?5
    UNION ALL
    SELECT customer, parts, requests, prompt_tokens, cached_tokens, generated_tokens,
           device_micros, reference_micros, customer_partner_share
    FROM work WHERE customer_partner = ?1 AND currency = ?8
        AND number >= ?2 * 1024 AND number < ?6 * 1024
    UNION ALL
    SELECT customer, parts, requests, prompt_tokens, cached_tokens, generated_tokens,
           device_micros, reference_micros, customer_partner_share
    FROM work WHERE customer_partner = ?1 AND currency = ?8
        AND number >= ?7 * 1024 AND number < ?3 * 1024)
GROUP BY customer ORDER BY customer;

-- name: customer_lines
SELECT model, day, sum(requests) AS items, sum(prompt_tokens) AS prompt_tokens, sum(cached_tokens) AS cached_tokens,
       sum(generated_tokens) AS generated_tokens,
       sum(device_micros) AS device_micros, sum(reference_micros) AS reference_micros,
       sum(amount) AS amount
FROM (
    SELECT model, day, parts, requests, prompt_tokens, cached_tokens, generated_tokens,
           device_micros, reference_micros, -price AS amount
    FROM work_of_days WHERE customer = ?1 AND currency = ?8 AND day >= ?4 AND day < ?5
    UNION ALL
    SELECT model, day, parts, requests, prompt_tokens, cached_tokens, generated_tokens,
           device_micros, reference_micros, -price
    FROM work WHERE customer = ?1 AND currency = ?8
        AND number >= ?2 * 1024 AND number < ?6 * 1024
    UNION ALL
    SELECT model, day, parts, requests, prompt_tokens, cached_tokens, generated_tokens,
           device_micros, reference_micros, -price
    FROM work WHERE customer = ?1 AND currency = ?8
        AND number >= ?7 * 1024 AND number < ?3 * 1024)
GROUP BY day, model ORDER BY day, model;

-- name: sum_customer_holds
SELECT count(DISTINCT job) AS items, coalesce(sum(micros), 0) AS amount FROM (
    SELECT j.number AS job, p.micros AS micros
    FROM jobs j CROSS JOIN live_postings p ON p.account = j.hold_account
                JOIN accounts a ON a.number = j.hold_account AND a.currency = ?4
    WHERE j.customer = ?1 AND p.entry >= ?2 AND p.entry < ?3
    UNION ALL
    SELECT j.number, d.micros
    FROM jobs j CROSS JOIN past_days d ON d.account = j.hold_account
                JOIN accounts a ON a.number = j.hold_account AND a.currency = ?4
    WHERE j.customer = ?1 AND d.day >= (?2 + 115199999999) / 86400000000
      AND d.day < (?3 + 115199999999) / 86400000000);

-- name: platform_lines
SELECT s.model AS model, sum(w.requests) AS items, sum(w.prompt_tokens) AS prompt_tokens,
       sum(w.cached_tokens) AS cached_tokens, sum(w.generated_tokens) AS generated_tokens,
       sum(w.device_micros) AS device_micros, sum(w.reference_micros) AS reference_micros,
       sum(w.price - w.owner_share - w.owner_partner_share - w.customer_partner_share) AS amount
FROM (
    SELECT source, requests, prompt_tokens, cached_tokens, generated_tokens, device_micros,
           reference_micros, price, owner_share, owner_partner_share, customer_partner_share
    FROM meter_days WHERE day >= ?4 AND day < ?5
    UNION ALL
    SELECT source, number % 1024 = 0, prompt_tokens, cached_tokens, generated_tokens,
           device_micros, reference_micros, price, owner_share, owner_partner_share,
           customer_partner_share
    FROM meters WHERE number >= ?2 * 1024 AND number < ?6 * 1024
    UNION ALL
    SELECT source, number % 1024 = 0, prompt_tokens, cached_tokens, generated_tokens,
           device_micros, reference_micros, price, owner_share, owner_partner_share,
           customer_partner_share
    FROM meters WHERE number >= ?7 * 1024 AND number < ?3 * 1024) w
    JOIN work_sources s ON s.source = w.source
WHERE s.currency = ?8 GROUP BY s.model ORDER BY s.model;
