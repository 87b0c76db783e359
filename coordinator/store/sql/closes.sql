-- Closed periods. [?1, ?2): a period in microseconds; [?3, ?4): its days.

-- name: select_book_marks
SELECT frozen_until, archived_until FROM book_marks WHERE only = 1;

-- name: freeze_until
UPDATE book_marks SET frozen_until = max(frozen_until, ?1) WHERE only = 1;

-- name: select_first_number
SELECT min(coalesce((SELECT min(number) FROM entries), 9223372036854775807),
           coalesce((SELECT min(number) / 1024 FROM meters), 9223372036854775807)) AS number;

-- name: select_close_range
SELECT min(number) AS first, max(number) AS last FROM closes WHERE kind = ?1;

-- name: insert_close
INSERT INTO closes (kind, number, closed, operator, despite, mismatches, report, sha256,
                    audit_number, audit_hash, last_receipt)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11);

-- name: select_close
SELECT kind, number, closed, operator, despite, mismatches, report, sha256, audit_number,
       audit_hash, last_receipt
FROM closes WHERE kind = ?1 AND number = ?2;

-- name: list_closes
SELECT kind, number, closed, operator, despite, mismatches, '' AS report, sha256, audit_number,
       audit_hash, last_receipt
FROM closes WHERE kind = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3;

-- name: select_last_receipt
SELECT max(number) AS number FROM receipts;

-- name: keep_month_balances
-- ?3: the month.
INSERT INTO month_balances (account, month, micros)
SELECT account, ?3, kept + moved FROM (
    SELECT a.number AS account, coalesce((
               SELECT m.micros FROM month_balances m
               WHERE m.account = a.number AND m.month < ?3 ORDER BY m.month DESC LIMIT 1), 0) AS kept,
           (SELECT sum(p.micros) FROM postings p
            WHERE p.account = a.number AND p.entry >= ?1 AND p.entry < ?2) AS moved
    FROM accounts a) WHERE moved IS NOT NULL;

-- name: select_month_balance
SELECT micros FROM month_balances WHERE account = ?1 AND month <= ?2 ORDER BY month DESC LIMIT 1;

-- name: find_month_groups
-- What accounts of a kind have in all at the end of month ?1.
SELECT currency, party, sum(micros) AS micros FROM (
    SELECT a.currency AS currency,
           CASE instr(a.name, ':') WHEN 0 THEN replace(a.name, '@' || a.currency, '')
                                   ELSE substr(a.name, 1, instr(a.name, ':') - 1) END AS party,
           coalesce((SELECT m.micros FROM month_balances m
                     WHERE m.account = a.number AND m.month <= ?1
                     ORDER BY m.month DESC LIMIT 1), 0) AS micros
    FROM accounts a) GROUP BY currency, party ORDER BY currency, party;

-- name: insert_daily_step
INSERT INTO daily_steps (day, name) VALUES (?1, ?2) ON CONFLICT (day, name) DO NOTHING;

-- name: select_last_planned_day
SELECT max(day) AS day FROM daily_steps;

-- name: select_open_step
SELECT day FROM daily_steps WHERE name = ?1 AND done IS NULL ORDER BY day LIMIT 1;

-- name: finish_daily_step
UPDATE daily_steps SET done = ?3 WHERE day = ?1 AND name = ?2 AND done IS NULL;

-- Reconciliation. A whole period is read, by each account's or table's part of it.

-- name: find_period_counts
SELECT (SELECT count(*) FROM entries WHERE number >= ?1 AND number < ?2) AS entries,
       (SELECT count(*) FROM meters WHERE number >= ?1 * 1024 AND number < ?2 * 1024) AS meters,
       (SELECT count(*) FROM receipts WHERE number > ?3 AND number <= ?4) AS receipts;

-- name: find_period_totals
SELECT a.currency AS currency, e.kind AS kind, count(DISTINCT e.number) AS entries,
       count(*) AS postings, sum(max(p.micros, 0)) AS moved
FROM accounts a CROSS JOIN postings p ON p.account = a.number AND p.entry >= ?1 AND p.entry < ?2
                CROSS JOIN entries e ON e.number = p.entry
GROUP BY a.currency, e.kind ORDER BY a.currency, e.kind;

-- name: find_period_work
SELECT currency, sum(charged) AS charged, sum(metered) AS metered, sum(by_days) AS by_days FROM (
    SELECT a.currency AS currency, p.micros AS charged, 0 AS metered, 0 AS by_days
    FROM accounts a CROSS JOIN postings p ON p.account = a.number AND p.entry >= ?1 AND p.entry < ?2
                    CROSS JOIN entries e ON e.number = p.entry AND e.kind = 'charge'
    WHERE p.micros > 0
    UNION ALL
    SELECT s.currency, 0, m.price, 0
    FROM meters m CROSS JOIN work_sources s ON s.source = m.source
    WHERE m.number >= ?1 * 1024 AND m.number < ?2 * 1024
    UNION ALL
    SELECT s.currency, 0, 0, d.price
    FROM meter_days d CROSS JOIN work_sources s ON s.source = d.source
    WHERE d.day >= ?3 AND d.day < ?4)
GROUP BY currency ORDER BY currency;

-- name: find_period_unbalanced
SELECT p.entry AS entry, sum(p.micros) AS micros
FROM accounts a CROSS JOIN postings p ON p.account = a.number AND p.entry >= ?1 AND p.entry < ?2
GROUP BY p.entry, a.currency HAVING sum(p.micros) <> 0;

-- name: find_period_postings_without_entry
SELECT DISTINCT p.entry AS entry
FROM accounts a CROSS JOIN postings p ON p.account = a.number AND p.entry >= ?1 AND p.entry < ?2
WHERE NOT EXISTS (SELECT 1 FROM entries e WHERE e.number = p.entry);

-- name: find_period_entries_without_posting
SELECT number FROM entries WHERE number >= ?1 AND number < ?2
EXCEPT
SELECT p.entry FROM accounts a CROSS JOIN postings p
    ON p.account = a.number AND p.entry >= ?1 AND p.entry < ?2;

-- name: find_period_charges_unlike_meters
SELECT entry, sum(charged) AS charged, sum(metered) AS metered FROM (
    SELECT p.entry AS entry, p.micros AS charged, 0 AS metered
    FROM accounts a CROSS JOIN postings p ON p.account = a.number AND p.entry >= ?1 AND p.entry < ?2
                    CROSS JOIN entries e ON e.number = p.entry AND e.kind = 'charge'
    WHERE p.micros > 0
    UNION ALL
    SELECT number / 1024, 0, price FROM meters WHERE number >= ?1 * 1024 AND number < ?2 * 1024)
GROUP BY entry HAVING sum(charged) <> sum(metered);

-- name: find_period_bad_shares
SELECT attempt_key FROM meters
WHERE number >= ?1 * 1024 AND number < ?2 * 1024
  AND (owner_share < 0 OR owner_partner_share < 0 OR customer_partner_share < 0
       OR owner_share + owner_partner_share + customer_partner_share > price);

-- name: find_period_days_unlike_meters
SELECT source, day, sum(price) AS price, sum(parts) AS parts FROM (
    SELECT source, (number / 1024 + 28800000000) / 86400000000 AS day, number % 1024 = 0 AS requests,
           1 AS parts, prompt_tokens, cached_tokens, generated_tokens, device_micros,
           reference_micros, price, owner_share, owner_partner_share, customer_partner_share
    FROM meters WHERE number >= ?1 * 1024 AND number < ?2 * 1024
    UNION ALL
    SELECT source, day, -requests, -parts, -prompt_tokens, -cached_tokens, -generated_tokens,
           -device_micros, -reference_micros, -price, -owner_share, -owner_partner_share,
           -customer_partner_share
    FROM meter_days WHERE day >= ?3 AND day < ?4)
GROUP BY source, day
HAVING sum(requests) <> 0 OR sum(parts) <> 0 OR sum(prompt_tokens) <> 0 OR sum(cached_tokens) <> 0
    OR sum(generated_tokens) <> 0 OR sum(device_micros) <> 0 OR sum(reference_micros) <> 0
    OR sum(price) <> 0 OR sum(owner_share) <> 0 OR sum(owner_partner_share) <> 0
    OR sum(customer_partner_share) <> 0;

-- name: find_period_reserved_hours_unlike_meters
-- All of an hour's records, also those that were numbered beyond the period.
SELECT m.contract AS contract, CAST(m.hour AS INTEGER) AS hour, sum(m.price) AS metered,
       coalesce(max(h.charged), 0) AS charged
FROM live_reserved_meters m
LEFT JOIN reserved_hours h ON h.contract = m.contract AND h.hour = CAST(m.hour AS INTEGER)
GROUP BY m.contract, m.hour
HAVING min(m.number) >= ?1 * 1024 AND min(m.number) < ?2 * 1024
   AND (sum(m.price) <> coalesce(max(h.charged), 0)
        OR sum(m.device_micros) <> coalesce(max(h.delivered), 0));

-- name: find_meters_without_result
SELECT attempt_key, request FROM meters m
WHERE number >= ?1 * 1024 AND number < ?2 * 1024
  AND NOT EXISTS (SELECT 1 FROM receipts r WHERE r.request = m.request);

-- name: find_receipts_without_meter
-- Of the receipts ]?1, ?2], those of which no meter record from ?3 on has the request.
SELECT request FROM receipts
WHERE number > ?1 AND number <= ?2
  AND request NOT IN (SELECT request FROM meters WHERE number >= ?3 * 1024);

-- name: find_answers_without_receipt
-- Of the jobs that ended in the period.
SELECT j.id AS job, o.key & 4294967295 AS item
FROM jobs j CROSS JOIN outcomes o ON o.key >= j.number << 32 AND o.key < (j.number + 1) << 32
WHERE j.ended >= ?1 AND j.ended < ?2 AND o.failed = 0
  AND NOT EXISTS (SELECT 1 FROM receipts r WHERE r.request = o.request);

-- name: find_period_failures_billed
SELECT j.id AS job, o.key & 4294967295 AS item
FROM jobs j CROSS JOIN outcomes o ON o.key >= j.number << 32 AND o.key < (j.number + 1) << 32
WHERE j.ended >= ?1 AND j.ended < ?2 AND o.failed = 1
  AND EXISTS (SELECT 1 FROM receipts r WHERE r.request = o.request);

-- name: find_period_holds
SELECT j.id AS job, b.micros AS micros FROM jobs j JOIN balances b ON b.account = j.hold_account
WHERE j.ended >= ?1 AND j.ended < ?2 AND b.micros <> 0;

-- name: find_accounts_below_zero
SELECT a.name AS account, b.micros AS micros FROM balances b JOIN accounts a ON a.number = b.account
WHERE b.micros < 0 AND (a.name LIKE 'hold:%' OR a.name LIKE 'pending:%' OR a.name LIKE 'deposit:%'
                        OR a.name LIKE 'payout:%');

-- name: find_balances_unlike_replay
-- ?1: the last closed month; ?2: the moment it ended.
SELECT account, kept, replayed FROM (
    SELECT a.name AS account, b.micros AS kept, coalesce((
               SELECT m.micros FROM month_balances m
               WHERE m.account = a.number AND m.month <= ?1 ORDER BY m.month DESC LIMIT 1), 0)
           + coalesce((SELECT sum(p.micros) FROM postings p
                       WHERE p.account = a.number AND p.entry >= ?2), 0) AS replayed
    FROM accounts a LEFT JOIN balances b ON b.account = a.number)
WHERE kept IS NULL OR kept <> replayed;

-- name: find_period_attempts_billed_before
SELECT m.attempt_key AS attempt_key
FROM meters m CROSS JOIN archived_attempts x ON x.attempt_key = m.attempt_key
WHERE m.number >= ?1 * 1024 AND m.number < ?2 * 1024
  AND m.number >= 1024 * (SELECT archived_until FROM book_marks WHERE only = 1);
