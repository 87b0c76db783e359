-- Accounts of several currencies, more kinds of entries, and what each source of work came to by
-- day (counted from 1970, in Shanghai), so that a statement need not read every meter record.
ALTER TABLE projects ADD COLUMN currency TEXT NOT NULL DEFAULT 'CNY' CHECK (length(currency) = 3);
ALTER TABLE accounts ADD COLUMN currency TEXT NOT NULL DEFAULT 'CNY' CHECK (length(currency) = 3);

DROP TRIGGER entries_no_update;
DROP TRIGGER entries_no_delete;
DROP INDEX entries_by_key;
ALTER TABLE entries RENAME TO entries_before;
CREATE TABLE entries (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN (
        'top_up', 'refund', 'hold', 'release', 'charge', 'reversal', 'confirm', 'cap', 'tier',
        'guarantee', 'reservation', 'credit', 'storage', 'deposit', 'deposit_return', 'fee',
        'payout', 'payout_return', 'payout_sent')),
    key TEXT
) STRICT;
INSERT INTO entries (number, kind, key) SELECT number, kind, key FROM entries_before;
DROP TABLE entries_before;
CREATE UNIQUE INDEX entries_by_key ON entries (key) WHERE key IS NOT NULL;
CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'an entry is never changed'); END;
CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'an entry is never deleted'); END;

-- Of the prompt tokens, those that the engine had computed before.
ALTER TABLE meters ADD COLUMN cached_tokens INTEGER NOT NULL DEFAULT 0 CHECK (cached_tokens >= 0);
-- Device time weighed by what such a device was measured to do: of a reference device.
ALTER TABLE meters ADD COLUMN reference_micros INTEGER NOT NULL DEFAULT 0
    CHECK (reference_micros >= 0);

CREATE TABLE meter_days (
    source INTEGER NOT NULL REFERENCES meter_sources (number),
    day INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    parts INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    generated_tokens INTEGER NOT NULL,
    device_micros INTEGER NOT NULL,
    reference_micros INTEGER NOT NULL,
    price INTEGER NOT NULL,
    owner_share INTEGER NOT NULL,
    owner_partner_share INTEGER NOT NULL,
    customer_partner_share INTEGER NOT NULL,
    PRIMARY KEY (source, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX meter_days_by_day ON meter_days (day);
INSERT INTO meter_days (source, day, requests, parts, prompt_tokens, cached_tokens,
                        generated_tokens, device_micros, reference_micros, price, owner_share,
                        owner_partner_share, customer_partner_share)
SELECT source, (number / 1024 + 28800000000) / 86400000000 AS day, sum(number % 1024 = 0),
       count(*), sum(prompt_tokens), sum(cached_tokens), sum(generated_tokens),
       sum(device_micros), sum(reference_micros), sum(price), sum(owner_share),
       sum(owner_partner_share), sum(customer_partner_share)
FROM meters GROUP BY source, day;

-- Shares were posted straight to owners and partners before: from now on they are pending at first.
INSERT INTO accounts (name)
SELECT 'pending:' || name FROM accounts WHERE name LIKE 'owner:%' OR name LIKE 'partner:%';
INSERT INTO balances (account, micros) SELECT number, 0 FROM accounts WHERE name LIKE 'pending:%';
CREATE TEMP TABLE moved AS
SELECT a.number AS source, p.number AS target, b.micros AS micros,
       (SELECT max(coalesce((SELECT max(number) FROM entries), 0),
                   coalesce((SELECT max(number) / 1024 FROM meters), 0)))
       + row_number() OVER (ORDER BY a.number) AS entry
FROM accounts a JOIN accounts p ON p.name = 'pending:' || a.name
                JOIN balances b ON b.account = a.number
WHERE b.micros <> 0;
INSERT INTO entries (number, kind, key)
SELECT entry, 'reversal', 'to pending:' || source FROM moved;
INSERT INTO postings (account, entry, micros) SELECT source, entry, -micros FROM moved;
INSERT INTO postings (account, entry, micros) SELECT target, entry, micros FROM moved;
UPDATE balances SET micros = 0 WHERE account IN (SELECT source FROM moved);
UPDATE balances SET micros = (SELECT micros FROM moved WHERE target = account)
WHERE account IN (SELECT target FROM moved);
DROP TABLE moved;

-- What was done, by whom and for whom: by whole days, and record by record. `suffix` ends the names
-- of accounts in the currency that was paid in.
CREATE VIEW work_sources AS
SELECT s.number AS source, s.project AS project, s.customer AS customer, s.node AS node,
       s.site AS site, s.owner AS owner, s.owner_partner AS owner_partner,
       s.customer_partner AS customer_partner, s.device_class AS device_class, s.model AS model,
       p.currency AS currency,
       CASE p.currency WHEN 'CNY' THEN '' ELSE '@' || p.currency END AS suffix
FROM meter_sources s CROSS JOIN projects p ON p.id = s.project;

CREATE VIEW work_of_days AS
SELECT s.*, d.day AS day, d.requests AS requests, d.parts AS parts,
       d.prompt_tokens AS prompt_tokens, d.cached_tokens AS cached_tokens,
       d.generated_tokens AS generated_tokens, d.device_micros AS device_micros,
       d.reference_micros AS reference_micros, d.price AS price, d.owner_share AS owner_share,
       d.owner_partner_share AS owner_partner_share,
       d.customer_partner_share AS customer_partner_share
FROM work_sources s CROSS JOIN meter_days d ON d.source = s.source;

CREATE VIEW work AS
SELECT s.*, (m.number / 1024 + 28800000000) / 86400000000 AS day,
       m.number % 1024 = 0 AS requests, 1 AS parts,
       m.prompt_tokens AS prompt_tokens, m.cached_tokens AS cached_tokens,
       m.generated_tokens AS generated_tokens, m.device_micros AS device_micros,
       m.reference_micros AS reference_micros, m.price AS price, m.owner_share AS owner_share,
       m.owner_partner_share AS owner_partner_share,
       m.customer_partner_share AS customer_partner_share, m.number AS number
FROM work_sources s CROSS JOIN meters m ON m.source = s.source;
