-- The ledger's invariants, recomputed from the rows. Each but the first finds violations.

-- name: count_ledger
SELECT (SELECT count(*) FROM live_entries)
           + (SELECT coalesce(sum(entries), 0) FROM archives) AS entries,
       (SELECT count(*) FROM live_postings)
           + (SELECT coalesce(sum(postings), 0) FROM archives) AS postings,
       (SELECT count(*) FROM live_meters)
           + (SELECT coalesce(sum(meters), 0) FROM archives) AS meters;

-- name: sum_ledger
SELECT currency, sum(micros) AS micros FROM (
    SELECT a.currency AS currency, p.micros AS micros
    FROM live_postings p JOIN accounts a ON a.number = p.account
    UNION ALL
    SELECT a.currency, b.micros FROM archived_balances b JOIN accounts a ON a.number = b.account)
GROUP BY currency ORDER BY currency;

-- name: find_unbalanced_entries
SELECT p.entry AS entry, sum(p.micros) AS micros
FROM live_postings p JOIN accounts a ON a.number = p.account
GROUP BY p.entry, a.currency HAVING sum(p.micros) <> 0 LIMIT 20;

-- name: find_postings_without_entry
SELECT DISTINCT p.entry AS entry FROM live_postings p LEFT JOIN entries e ON e.number = p.entry
WHERE e.number IS NULL LIMIT 20;

-- name: find_entries_without_posting
SELECT number FROM live_entries EXCEPT SELECT entry FROM live_postings LIMIT 20;

-- name: find_wrong_balances
SELECT a.name AS account, b.micros AS kept, coalesce(s.micros, 0) AS posted
FROM accounts a LEFT JOIN balances b ON b.account = a.number
LEFT JOIN (
    SELECT account, sum(micros) AS micros FROM (
        SELECT account, micros FROM live_postings
        UNION ALL SELECT account, micros FROM archived_balances) GROUP BY account) s
    ON s.account = a.number
WHERE b.micros IS NULL OR b.micros <> coalesce(s.micros, 0) LIMIT 20;

-- name: find_negative_accounts
SELECT a.name AS account, s.micros AS micros
FROM accounts a JOIN (
    SELECT account, sum(micros) AS micros FROM (
        SELECT account, micros FROM live_postings
        UNION ALL SELECT account, micros FROM archived_balances) GROUP BY account) s
    ON s.account = a.number
WHERE s.micros < 0 AND (a.name LIKE 'hold:%' OR a.name LIKE 'pending:%' OR a.name LIKE 'deposit:%'
                        OR a.name LIKE 'payout:%') LIMIT 20;

-- name: find_holds_of_ended_jobs
SELECT j.id AS job, s.micros AS micros
FROM jobs j JOIN (
    SELECT account, sum(micros) AS micros FROM (
        SELECT account, micros FROM live_postings
        UNION ALL SELECT account, micros FROM archived_balances) GROUP BY account) s
    ON s.account = j.hold_account
WHERE j.ended IS NOT NULL AND s.micros <> 0 LIMIT 20;

-- name: find_deposits_unlike_contracts
-- Held from the signature to the end, whole; of an offer and afterwards nothing.
SELECT account, sum(due) AS due, sum(kept) AS kept FROM (
    SELECT 'deposit:' || id || CASE currency WHEN 'CNY' THEN '' ELSE '@' || currency END AS account,
           CASE WHEN signed IS NULL OR settled = 1 OR end_reason LIKE 'terminated by %' THEN 0
                ELSE deposit END AS due, 0 AS kept
    FROM customer_contracts
    UNION ALL
    SELECT a.name, 0, b.micros FROM accounts a JOIN balances b ON b.account = a.number
    WHERE a.name LIKE 'deposit:%')
GROUP BY account HAVING sum(due) <> sum(kept) LIMIT 20;

-- name: find_reserved_hours_unlike_meters
-- Of hours whose meter records cannot be archived yet: they were billed after the hour's end.
SELECT contract, hour, sum(charged) AS charged, sum(metered) AS metered FROM (
    SELECT contract, hour, charged, 0 AS metered, delivered AS micros FROM reserved_hours
    UNION ALL
    SELECT contract, CAST(hour AS INTEGER), 0, price, -device_micros FROM live_reserved_meters)
WHERE (hour + 1) * 3600000000 >= (SELECT archived_until FROM book_marks WHERE only = 1)
GROUP BY contract, hour HAVING sum(charged) <> sum(metered) OR sum(micros) <> 0 LIMIT 20;

-- name: find_attempts_billed_twice
SELECT attempt_key, count(*) AS times FROM meters NOT INDEXED
GROUP BY attempt_key HAVING count(*) > 1 LIMIT 20;

-- name: find_charges_unlike_meters
SELECT entry, sum(charged) AS charged, sum(metered) AS metered FROM (
    SELECT e.number AS entry, p.micros AS charged, 0 AS metered
    FROM live_postings p JOIN entries e ON e.number = p.entry AND e.kind = 'charge'
    WHERE p.micros > 0
    UNION ALL
    SELECT number / 1024 AS entry, 0 AS charged, price AS metered FROM live_meters)
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
    FROM live_work
    UNION ALL
    SELECT source, day, -requests, -parts, -prompt_tokens, -cached_tokens, -generated_tokens,
           -device_micros, -reference_micros, -price, -owner_share, -owner_partner_share,
           -customer_partner_share
    FROM meter_days WHERE day >= (SELECT (archived_until + 28800000000) / 86400000000
                                  FROM book_marks WHERE only = 1))
GROUP BY source, day
HAVING sum(requests) <> 0 OR sum(parts) <> 0 OR sum(prompt_tokens) <> 0 OR sum(cached_tokens) <> 0
    OR sum(generated_tokens) <> 0 OR sum(device_micros) <> 0 OR sum(reference_micros) <> 0
    OR sum(price) <> 0 OR sum(owner_share) <> 0 OR sum(owner_partner_share) <> 0
    OR sum(customer_partner_share) <> 0 LIMIT 20;

-- name: find_pending_unlike_work
-- What is pending is the shares of days that are not confirmed, or withheld, less what was reversed.
SELECT account, sum(due) AS due, sum(kept) AS kept FROM (
    SELECT 'pending:owner:' || owner || suffix AS account, owner_share AS due, 0 AS kept
    FROM work_not_confirmed
    UNION ALL
    SELECT 'pending:partner:' || owner_partner || suffix, owner_partner_share, 0
    FROM work_not_confirmed WHERE owner_partner IS NOT NULL
    UNION ALL
    SELECT 'pending:partner:' || customer_partner || suffix, customer_partner_share, 0
    FROM work_not_confirmed WHERE customer_partner IS NOT NULL
    UNION ALL
    SELECT a.name, 0, b.micros FROM accounts a JOIN balances b ON b.account = a.number
    WHERE a.name LIKE 'pending:%')
GROUP BY account HAVING sum(due) <> sum(kept) LIMIT 20;

-- name: find_reversals_unlike_entries
SELECT r.entry AS entry, r.price AS price, coalesce(p.micros, 0) AS posted
FROM reversals r JOIN work_sources s ON s.source = r.source
    LEFT JOIN accounts a ON a.name = 'customer:' || s.customer || s.suffix
    LEFT JOIN postings p ON p.account = a.number AND p.entry = r.entry
WHERE r.price <> coalesce(p.micros, 0)
  AND r.entry >= (SELECT archived_until FROM book_marks WHERE only = 1) LIMIT 20;

-- name: find_statements_unlike_postings
-- What each party's statement lines sum to against the charges posted to its account.
SELECT account, sum(metered) AS metered, sum(posted) AS posted FROM (
    SELECT 'owner:' || owner || suffix AS account, owner_share AS metered, 0 AS posted FROM live_work
    UNION ALL
    SELECT 'partner:' || owner_partner || suffix, owner_partner_share, 0
    FROM live_work WHERE owner_partner IS NOT NULL
    UNION ALL
    SELECT 'partner:' || customer_partner || suffix, customer_partner_share, 0
    FROM live_work WHERE customer_partner IS NOT NULL
    UNION ALL
    SELECT 'platform' || suffix,
           price - owner_share - owner_partner_share - customer_partner_share, 0
    FROM live_work
    UNION ALL
    SELECT 'customer:' || customer || suffix, -price, 0 FROM live_work
    UNION ALL
    SELECT CASE WHEN j.customer IS NOT NULL
                THEN 'customer:' || j.customer || substr(a.name, 6 + length(j.id))
                WHEN a.name LIKE 'pending:%' THEN substr(a.name, 9) ELSE a.name END, 0, p.micros
    FROM live_postings p JOIN entries e ON e.number = p.entry AND e.kind = 'charge'
                    JOIN accounts a ON a.number = p.account
                    LEFT JOIN jobs j ON a.name LIKE 'hold:%' AND j.hold_account = a.number)
GROUP BY account HAVING sum(metered) <> sum(posted) LIMIT 20;

-- name: find_archived_days_unlike_balances
SELECT a.name AS account, b.micros AS kept, coalesce(d.micros, 0) AS posted
FROM archived_balances b JOIN accounts a ON a.number = b.account
LEFT JOIN (SELECT account, sum(micros) AS micros FROM past_days GROUP BY account) d
    ON d.account = b.account
WHERE b.micros <> coalesce(d.micros, 0) LIMIT 20;

-- name: find_archived_attempts_billed
-- Of days that are not closed: those of a month whose archive was interrupted are in both places.
SELECT attempt_key FROM live_meters m
WHERE m.number >= 1024 * (SELECT frozen_until FROM book_marks WHERE only = 1)
  AND EXISTS (SELECT 1 FROM archived_attempts x WHERE x.attempt_key = m.attempt_key) LIMIT 20;

-- name: find_hours_unlike_meters
SELECT source, hour, sum(requests) AS requests, sum(price) AS price FROM (
    SELECT usage AS source, number / 1024 / 3600000000 AS hour, number % 1024 = 0 AS requests,
           prompt_tokens, cached_tokens, generated_tokens, price
    FROM live_meters
    UNION ALL
    SELECT source, hour, -requests, -prompt_tokens, -cached_tokens, -generated_tokens, -price
    FROM usage_hours
    WHERE hour >= (SELECT archived_until FROM book_marks WHERE only = 1) / 3600000000)
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
