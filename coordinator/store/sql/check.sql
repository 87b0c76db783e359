-- The ledger's invariants, recomputed from the rows. Each but the first finds violations.

-- name: count_ledger
SELECT (SELECT count(*) FROM entries) AS entries, (SELECT count(*) FROM postings) AS postings,
       (SELECT count(*) FROM meters) AS meters;

-- name: sum_ledger
SELECT a.currency AS currency, sum(p.micros) AS micros
FROM postings p JOIN accounts a ON a.number = p.account GROUP BY a.currency ORDER BY a.currency;

-- name: find_unbalanced_entries
SELECT p.entry AS entry, sum(p.micros) AS micros
FROM postings p JOIN accounts a ON a.number = p.account
GROUP BY p.entry, a.currency HAVING sum(p.micros) <> 0 LIMIT 20;

-- name: find_postings_without_entry
SELECT DISTINCT p.entry AS entry FROM postings p LEFT JOIN entries e ON e.number = p.entry
WHERE e.number IS NULL LIMIT 20;

-- name: find_entries_without_posting
SELECT number FROM entries EXCEPT SELECT entry FROM postings LIMIT 20;

-- name: find_wrong_balances
SELECT a.name AS account, b.micros AS kept, coalesce(s.micros, 0) AS posted
FROM accounts a LEFT JOIN balances b ON b.account = a.number
LEFT JOIN (SELECT account, sum(micros) AS micros FROM postings GROUP BY account) s
    ON s.account = a.number
WHERE b.micros IS NULL OR b.micros <> coalesce(s.micros, 0) LIMIT 20;

-- name: find_negative_accounts
SELECT a.name AS account, s.micros AS micros
FROM accounts a JOIN (SELECT account, sum(micros) AS micros FROM postings GROUP BY account) s
    ON s.account = a.number
WHERE s.micros < 0 AND (a.name LIKE 'hold:%' OR a.name LIKE 'pending:%' OR a.name LIKE 'deposit:%'
                        OR a.name LIKE 'payout:%') LIMIT 20;

-- name: find_holds_of_ended_jobs
SELECT j.id AS job, s.micros AS micros
FROM jobs j JOIN (SELECT account, sum(micros) AS micros FROM postings GROUP BY account) s
    ON s.account = j.hold_account
WHERE j.ended IS NOT NULL AND s.micros <> 0 LIMIT 20;

-- name: find_attempts_billed_twice
SELECT attempt_key, count(*) AS times FROM meters NOT INDEXED
GROUP BY attempt_key HAVING count(*) > 1 LIMIT 20;

-- name: find_charges_unlike_meters
SELECT entry, sum(charged) AS charged, sum(metered) AS metered FROM (
    SELECT e.number AS entry, p.micros AS charged, 0 AS metered
    FROM postings p JOIN entries e ON e.number = p.entry AND e.kind = 'charge'
    WHERE p.micros > 0
    UNION ALL
    SELECT number / 1024 AS entry, 0 AS charged, price AS metered FROM meters)
GROUP BY entry HAVING sum(charged) <> sum(metered) LIMIT 20;

-- name: find_bad_shares
SELECT attempt_key FROM meters
WHERE owner_share < 0 OR owner_partner_share < 0 OR customer_partner_share < 0
   OR owner_share + owner_partner_share + customer_partner_share > price LIMIT 20;

-- name: find_days_unlike_meters
SELECT source, day, sum(parts) AS parts, sum(price) AS price FROM (
    SELECT source, day, requests, parts, prompt_tokens, cached_tokens, generated_tokens,
           device_micros, reference_micros, price, owner_share, owner_partner_share,
           customer_partner_share
    FROM work
    UNION ALL
    SELECT source, day, -requests, -parts, -prompt_tokens, -cached_tokens, -generated_tokens,
           -device_micros, -reference_micros, -price, -owner_share, -owner_partner_share,
           -customer_partner_share
    FROM meter_days)
GROUP BY source, day
HAVING sum(requests) <> 0 OR sum(parts) <> 0 OR sum(prompt_tokens) <> 0 OR sum(cached_tokens) <> 0
    OR sum(generated_tokens) <> 0 OR sum(device_micros) <> 0 OR sum(reference_micros) <> 0
    OR sum(price) <> 0 OR sum(owner_share) <> 0 OR sum(owner_partner_share) <> 0
    OR sum(customer_partner_share) <> 0 LIMIT 20;

-- name: find_statements_unlike_postings
-- What each party's statement lines sum to against the charges posted to its account.
SELECT account, sum(metered) AS metered, sum(posted) AS posted FROM (
    SELECT 'owner:' || owner || suffix AS account, owner_share AS metered, 0 AS posted FROM work
    UNION ALL
    SELECT 'partner:' || owner_partner || suffix, owner_partner_share, 0
    FROM work WHERE owner_partner IS NOT NULL
    UNION ALL
    SELECT 'partner:' || customer_partner || suffix, customer_partner_share, 0
    FROM work WHERE customer_partner IS NOT NULL
    UNION ALL
    SELECT 'platform' || suffix,
           price - owner_share - owner_partner_share - customer_partner_share, 0
    FROM work
    UNION ALL
    SELECT 'customer:' || customer || suffix, -price, 0 FROM work
    UNION ALL
    SELECT CASE WHEN j.customer IS NOT NULL
                THEN 'customer:' || j.customer || substr(a.name, 6 + length(j.id))
                WHEN a.name LIKE 'pending:%' THEN substr(a.name, 9) ELSE a.name END, 0, p.micros
    FROM postings p JOIN entries e ON e.number = p.entry AND e.kind = 'charge'
                    JOIN accounts a ON a.number = p.account
                    LEFT JOIN jobs j ON a.name LIKE 'hold:%' AND j.hold_account = a.number)
GROUP BY account HAVING sum(metered) <> sum(posted) LIMIT 20;

-- name: find_hours_unlike_meters
SELECT source, hour, sum(requests) AS requests, sum(price) AS price FROM (
    SELECT usage AS source, number / 1024 / 3600000000 AS hour, number % 1024 = 0 AS requests,
           prompt_tokens, cached_tokens, generated_tokens, price
    FROM meters
    UNION ALL
    SELECT source, hour, -requests, -prompt_tokens, -cached_tokens, -generated_tokens, -price
    FROM usage_hours)
GROUP BY source, hour
HAVING sum(requests) <> 0 OR sum(prompt_tokens) <> 0 OR sum(cached_tokens) <> 0
    OR sum(generated_tokens) <> 0 OR sum(price) <> 0 LIMIT 20;

-- name: find_spending_unlike_hours
SELECT kind, id, month, sum(micros) AS micros FROM (
    SELECT w.kind AS kind, CASE w.kind WHEN 'key' THEN u.api_key WHEN 'project' THEN u.project
                                       ELSE u.customer END AS id,
           p.currency AS currency,
           (strftime('%Y', h.hour * 3600 + 28800, 'unixepoch') - 1970) * 12
               + strftime('%m', h.hour * 3600 + 28800, 'unixepoch') - 1 AS month,
           h.price AS micros
    FROM usage_hours h JOIN usage_sources u ON u.number = h.source
                       JOIN projects p ON p.id = u.project
                       JOIN (SELECT 'key' AS kind UNION ALL SELECT 'project'
                             UNION ALL SELECT 'customer') w
    WHERE w.kind <> 'key' OR u.api_key <> ''
    UNION ALL
    SELECT s.kind, s.id, s.currency, m.month, -m.micros
    FROM spend_months m JOIN spenders s ON s.number = m.spender)
GROUP BY kind, id, currency, month HAVING sum(micros) <> 0 LIMIT 20;
