-- Accounts, entries, postings, meter records: the hot path of money.

-- name: insert_account
INSERT INTO accounts (name, currency) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING;

-- name: insert_balance
INSERT INTO balances (account, micros) VALUES (?1, 0) ON CONFLICT (account) DO NOTHING;

-- name: select_account
SELECT number FROM accounts WHERE name = ?1;

-- name: select_balance
SELECT micros FROM balances WHERE account = ?1;

-- name: select_balance_by_name
SELECT a.number AS number, b.micros AS micros
FROM accounts a JOIN balances b ON b.account = a.number WHERE a.name = ?1;

-- name: add_balance
UPDATE balances SET micros = micros + ?2 WHERE account = ?1;

-- name: select_last_number
SELECT max(coalesce((SELECT max(number) FROM entries), 0),
           coalesce((SELECT max(number) / 1024 FROM meters), 0)) AS number, frozen_until,
       archived_until
FROM book_marks WHERE only = 1;

-- name: insert_entry
INSERT INTO entries (number, kind, key) VALUES (?1, ?2, ?3);

-- name: select_entry_by_key
SELECT number FROM entries WHERE key = ?1;

-- name: list_archived_key
SELECT account, micros FROM archived_keys WHERE key = ?1;

-- name: select_archived_attempt
SELECT 1 AS billed FROM archived_attempts WHERE attempt_key = ?1;

-- name: insert_posting
INSERT INTO postings (account, entry, micros) VALUES (?1, ?2, ?3);

-- name: select_posting
SELECT micros FROM postings WHERE account = ?1 AND entry = ?2;

-- name: insert_meter
INSERT INTO meters (number, source, attempt_key, request, prompt_tokens, generated_tokens,
                    device_micros, price, owner_share, owner_partner_share,
                    customer_partner_share, cached_tokens, reference_micros, usage)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
ON CONFLICT (attempt_key) DO NOTHING;

-- name: add_meter_day
INSERT INTO meter_days (source, day, requests, parts, prompt_tokens, cached_tokens,
                        generated_tokens, device_micros, reference_micros, price, owner_share,
                        owner_partner_share, customer_partner_share)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
ON CONFLICT (source, day) DO UPDATE SET
    requests = requests + excluded.requests,
    parts = parts + excluded.parts,
    prompt_tokens = prompt_tokens + excluded.prompt_tokens,
    cached_tokens = cached_tokens + excluded.cached_tokens,
    generated_tokens = generated_tokens + excluded.generated_tokens,
    device_micros = device_micros + excluded.device_micros,
    reference_micros = reference_micros + excluded.reference_micros,
    price = price + excluded.price,
    owner_share = owner_share + excluded.owner_share,
    owner_partner_share = owner_partner_share + excluded.owner_partner_share,
    customer_partner_share = customer_partner_share + excluded.customer_partner_share;

-- name: select_meter_source
SELECT s.number AS number, s.customer AS customer, s.site AS site, s.owner AS owner,
       s.owner_partner AS owner_partner, s.customer_partner AS customer_partner,
       p.currency AS currency
FROM meter_sources s JOIN projects p ON p.id = s.project
WHERE s.node = ?1 AND s.project = ?2 AND s.device_class = ?3 AND s.model_sha256 = ?4;

-- name: insert_meter_source
INSERT INTO meter_sources (project, customer, node, site, owner, owner_partner, customer_partner,
                           device_class, model_sha256, model)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10);

-- name: select_meter_parties
SELECT o.referred_by AS owner_partner, c.referred_by AS customer_partner
FROM nodes n JOIN sites s ON s.id = n.site JOIN owners o ON o.id = s.owner
             JOIN projects p ON p.id = ?4 JOIN customers c ON c.id = p.customer
WHERE n.id = ?1 AND n.site = ?2 AND s.owner = ?3 AND p.customer = ?5;
