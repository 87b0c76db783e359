-- Moving closed months to files of their own. `archive` is the attached file; [?1, ?2) bounds the
-- month, or a part of it, in microseconds.

-- name: attach_archive
ATTACH ?1 AS archive;

-- name: detach_archive
DETACH archive;

-- name: create_archive_accounts
CREATE TABLE archive.accounts (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, currency TEXT NOT NULL) STRICT;

-- name: create_archive_entries
CREATE TABLE archive.entries (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT) STRICT;

-- name: create_archive_postings
CREATE TABLE archive.postings (
    entry INTEGER NOT NULL, account INTEGER NOT NULL, micros INTEGER NOT NULL,
    PRIMARY KEY (entry, account)) STRICT, WITHOUT ROWID;

-- name: create_archive_meters
CREATE TABLE archive.meters (
    number INTEGER PRIMARY KEY, attempt_key TEXT NOT NULL, request TEXT NOT NULL,
    project TEXT NOT NULL, customer TEXT NOT NULL, node TEXT NOT NULL, site TEXT NOT NULL,
    owner TEXT NOT NULL, device_class TEXT NOT NULL, model TEXT NOT NULL,
    model_sha256 TEXT NOT NULL, prompt_tokens INTEGER NOT NULL, cached_tokens INTEGER NOT NULL,
    generated_tokens INTEGER NOT NULL, device_micros INTEGER NOT NULL,
    reference_micros INTEGER NOT NULL, price INTEGER NOT NULL, owner_share INTEGER NOT NULL,
    owner_partner_share INTEGER NOT NULL, customer_partner_share INTEGER NOT NULL) STRICT;

-- name: create_archive_days
CREATE TABLE archive.days (
    account INTEGER NOT NULL, day INTEGER NOT NULL, kind TEXT NOT NULL, items INTEGER NOT NULL,
    micros INTEGER NOT NULL, PRIMARY KEY (day, account, kind)) STRICT, WITHOUT ROWID;

-- name: create_archive_month
-- The last one: a file without it was not finished.
CREATE TABLE archive.month (
    month INTEGER PRIMARY KEY, entries INTEGER NOT NULL, postings INTEGER NOT NULL,
    meters INTEGER NOT NULL) STRICT;

-- name: copy_accounts
INSERT INTO archive.accounts (number, name, currency)
SELECT a.number, a.name, a.currency FROM main.accounts a
WHERE EXISTS (SELECT 1 FROM main.postings p
              WHERE p.account = a.number AND p.entry >= ?1 AND p.entry < ?2);

-- name: copy_entries
INSERT INTO archive.entries (number, kind, key)
SELECT number, kind, key FROM main.entries WHERE number >= ?1 AND number < ?2;

-- name: copy_postings
INSERT INTO archive.postings (entry, account, micros)
SELECT p.entry, p.account, p.micros
FROM archive.accounts a CROSS JOIN main.postings p
    ON p.account = a.number AND p.entry >= ?1 AND p.entry < ?2;

-- name: copy_meters
INSERT INTO archive.meters (number, attempt_key, request, project, customer, node, site, owner,
                            device_class, model, model_sha256, prompt_tokens, cached_tokens,
                            generated_tokens, device_micros, reference_micros, price, owner_share,
                            owner_partner_share, customer_partner_share)
SELECT m.number, m.attempt_key, m.request, s.project, s.customer, s.node, s.site, s.owner,
       s.device_class, s.model, s.model_sha256, m.prompt_tokens, m.cached_tokens,
       m.generated_tokens, m.device_micros, m.reference_micros, m.price, m.owner_share,
       m.owner_partner_share, m.customer_partner_share
FROM main.meters m CROSS JOIN main.meter_sources s ON s.number = m.source
WHERE m.number >= ?1 * 1024 AND m.number < ?2 * 1024;

-- name: sum_archive_days
INSERT INTO archive.days (account, day, kind, items, micros)
SELECT p.account, (p.entry + 28800000000) / 86400000000, e.kind, count(*), sum(p.micros)
FROM archive.postings p CROSS JOIN archive.entries e ON e.number = p.entry
WHERE p.entry >= ?1 AND p.entry < ?2 GROUP BY 1, 2, 3;

-- name: find_archive_differences
-- How the copy differs from what is here: all zero when it does not.
SELECT (SELECT count(*) FROM main.entries WHERE number >= ?1 AND number < ?2)
           - (SELECT count(*) FROM archive.entries) AS entries,
       (SELECT count(*) FROM main.accounts a CROSS JOIN main.postings p
            ON p.account = a.number AND p.entry >= ?1 AND p.entry < ?2)
           - (SELECT count(*) FROM archive.postings) AS postings,
       (SELECT coalesce(sum(abs(p.micros)), 0) FROM main.accounts a CROSS JOIN main.postings p
            ON p.account = a.number AND p.entry >= ?1 AND p.entry < ?2)
           - (SELECT coalesce(sum(abs(micros)), 0) FROM archive.postings) AS moved,
       (SELECT count(*) FROM main.meters WHERE number >= ?1 * 1024 AND number < ?2 * 1024)
           - (SELECT count(*) FROM archive.meters) AS meters,
       (SELECT coalesce(sum(price), 0) FROM main.meters
        WHERE number >= ?1 * 1024 AND number < ?2 * 1024)
           - (SELECT coalesce(sum(price), 0) FROM archive.meters) AS prices;

-- name: find_archive_counts
SELECT (SELECT count(*) FROM archive.entries) AS entries,
       (SELECT count(*) FROM archive.postings) AS postings,
       (SELECT count(*) FROM archive.meters) AS meters;

-- name: insert_archive_month
INSERT INTO archive.month (month, entries, postings, meters) VALUES (?1, ?2, ?3, ?4);

-- name: find_archive_month
SELECT month, entries, postings, meters FROM archive.month;

-- name: select_archive_chunk_end
-- The number after the ?2 entries from ?1 on; NULL when no entry is left.
SELECT max(number) + 1 AS number
FROM (SELECT number FROM archive.entries WHERE number >= ?1 ORDER BY number LIMIT ?2) w;

-- name: keep_archived_days
-- [?1, ?2): days.
INSERT INTO archived_days (account, day, kind, items, micros)
SELECT account, day, kind, items, micros FROM archive.days WHERE day >= ?1 AND day < ?2
ON CONFLICT (account, day, kind) DO NOTHING;

-- name: keep_archived_keys
INSERT INTO archived_keys (key, account, micros)
SELECT e.key, p.account, p.micros
FROM archive.entries e CROSS JOIN archive.postings p ON p.entry = e.number
WHERE e.number >= ?1 AND e.number < ?2 AND e.key IS NOT NULL
ON CONFLICT (key, account) DO NOTHING;

-- name: keep_archived_attempts
INSERT INTO archived_attempts (attempt_key)
SELECT attempt_key FROM archive.meters WHERE number >= ?1 * 1024 AND number < ?2 * 1024
ON CONFLICT (attempt_key) DO NOTHING;

-- name: insert_archive
INSERT INTO archives (month, file, archived, entries, postings, meters)
VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- name: set_archived_until
UPDATE book_marks SET archived_until = ?1 WHERE only = 1;

-- name: sweep_postings
DELETE FROM main.postings WHERE (account, entry) IN (
    SELECT account, entry FROM archive.postings WHERE entry >= ?1 AND entry < ?2);

-- name: sweep_meters
DELETE FROM main.meters WHERE number >= ?1 * 1024 AND number < ?2 * 1024;

-- name: sweep_entries
DELETE FROM main.entries WHERE number >= ?1 AND number < ?2;

-- name: finish_sweep
UPDATE archives SET swept = 1 WHERE month = ?1;

-- name: select_archive
SELECT month, file, archived, entries, postings, meters, swept FROM archives WHERE month = ?1;

-- name: select_unswept_archive
SELECT month, file, archived, entries, postings, meters, swept FROM archives
WHERE month >= ?1 AND swept = 0 ORDER BY month LIMIT 1;

-- name: list_archives
SELECT month, file, archived, entries, postings, meters, swept FROM archives
WHERE month >= ?1 AND month <= ?2 ORDER BY month;

-- name: select_archived_months
SELECT (SELECT min(month) FROM archives) AS first, (SELECT max(month) FROM archives) AS last;
