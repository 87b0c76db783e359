-- Operators' roles, payout accounts, payouts and their batches.

-- name: insert_operator
INSERT INTO operators (name, role, created) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO NOTHING;

-- name: select_operator
SELECT name, role, created FROM operators WHERE name = ?1;

-- name: list_operators
SELECT name, role, created FROM operators ORDER BY created, name;

-- name: set_operator_role
UPDATE operators SET role = ?2 WHERE name = ?1;

-- name: insert_payout_account
INSERT INTO payout_accounts (party_kind, party, version, method, masked, sealed, created)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- name: select_payout_account
SELECT party_kind, party, version, method, masked, sealed, created, verified, verified_by
FROM payout_accounts WHERE party_kind = ?1 AND party = ?2 ORDER BY version DESC LIMIT 1;

-- name: list_payout_accounts
-- The newest version of each party after the one named.
SELECT a.party_kind AS party_kind, a.party AS party, a.version AS version, a.method AS method,
       a.masked AS masked, a.sealed AS sealed, a.created AS created, a.verified AS verified,
       a.verified_by AS verified_by
FROM payout_accounts a
WHERE a.party > ?1 AND (?2 = 0 OR a.verified IS NULL)
    AND NOT EXISTS (SELECT 1 FROM payout_accounts b WHERE b.party = a.party
                    AND b.version > a.version)
ORDER BY a.party LIMIT ?3;

-- name: verify_payout_account
UPDATE payout_accounts SET verified = ?4, verified_by = ?5
WHERE party_kind = ?1 AND party = ?2 AND version = ?3 AND verified IS NULL;

-- name: list_sealed_accounts
SELECT party_kind, party, version, method, masked, sealed, created, verified, verified_by
FROM payout_accounts;

-- name: reseal_payout_account
UPDATE payout_accounts SET sealed = ?4 WHERE party_kind = ?1 AND party = ?2 AND version = ?3;

-- name: select_account_of_node
-- What is shown of the account to which a node's owner is paid.
SELECT a.masked AS masked
FROM nodes n JOIN sites s ON s.id = n.site
             JOIN payout_accounts a ON a.party_kind = 'owner' AND a.party = s.owner
WHERE n.id = ?1 ORDER BY a.version DESC LIMIT 1;

-- name: insert_payout
INSERT INTO payouts (id, key, party_kind, party, account_version, currency, micros, state,
                     approvals_needed, origin, requested_by, requested)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'requested', ?8, ?9, ?10, ?11);

-- name: select_payout
SELECT * FROM payouts_shown WHERE id = ?1;

-- name: select_payout_by_key
SELECT id FROM payouts WHERE key = ?1;

-- name: list_payouts
SELECT * FROM payouts_shown WHERE number < ?1 ORDER BY number DESC LIMIT ?2;

-- name: list_payouts_in_state
SELECT * FROM payouts_shown WHERE state = ?3 AND number < ?1 ORDER BY number DESC LIMIT ?2;

-- name: list_payouts_of_party
SELECT * FROM payouts_shown WHERE party = ?3 AND (?4 IS NULL OR state = ?4) AND number < ?1
ORDER BY number DESC LIMIT ?2;

-- name: list_payouts_of_batch
SELECT * FROM payouts_shown WHERE batch = ?1 ORDER BY number;

-- name: list_payouts_to_send
SELECT * FROM payouts_shown WHERE state = 'approved' AND currency = ?1 AND method = ?2
ORDER BY number LIMIT ?3;

-- name: insert_payout_approval
INSERT INTO payout_approvals (payout, operator, at) VALUES (?1, ?2, ?3)
ON CONFLICT (payout, operator) DO NOTHING;

-- name: approve_payout
UPDATE payouts SET state = 'approved', approved = ?2 WHERE number = ?1;

-- name: send_payout
UPDATE payouts SET state = 'sent', sent = ?2, batch = ?3 WHERE number = ?1;

-- name: end_payout
UPDATE payouts SET state = ?2, ended = ?3, ended_by = ?4, note = ?5 WHERE number = ?1;

-- name: insert_payout_batch
INSERT INTO payout_batches (key, currency, method, payouts, micros, payer_login, payer_name,
                            exported, exported_by)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);

-- name: select_payout_batch
SELECT number, currency, method, payouts, micros, payer_login, payer_name, exported, exported_by
FROM payout_batches WHERE number = ?1;

-- name: select_payout_batch_by_key
SELECT number, currency, method, payouts, micros, payer_login, payer_name, exported, exported_by
FROM payout_batches WHERE key = ?1;

-- name: list_payout_batches
SELECT number, currency, method, payouts, micros, payer_login, payer_name, exported, exported_by
FROM payout_batches WHERE number < ?1 ORDER BY number DESC LIMIT ?2;

-- name: list_payable_parties
-- Once a day: parties whose newest account is verified and whose balance in a currency is at least
-- ?2. ?1 ends the names of accounts in that currency.
SELECT p.party_kind AS party_kind, p.party AS party, p.method AS method, b.micros AS micros
FROM payout_accounts p
    CROSS JOIN accounts a ON a.name = p.party_kind || ':' || p.party || ?1
    CROSS JOIN balances b ON b.account = a.number
WHERE p.verified IS NOT NULL AND b.micros >= ?2
    AND NOT EXISTS (SELECT 1 FROM payout_accounts n WHERE n.party = p.party
                    AND n.version > p.version)
ORDER BY p.party;

-- name: find_payouts_unlike_balances
-- What is on its way lies in the payout's account; nothing does once it is over.
SELECT p.id AS payout, p.state AS state, coalesce(b.micros, 0) AS micros
FROM payouts p
    LEFT JOIN accounts a ON a.name = 'payout:' || p.id
        || CASE p.currency WHEN 'CNY' THEN '' ELSE '@' || p.currency END
    LEFT JOIN balances b ON b.account = a.number
WHERE coalesce(b.micros, 0)
    <> CASE WHEN p.state IN ('requested', 'approved', 'sent') THEN p.micros ELSE 0 END LIMIT 20;

-- name: find_payouts_unlike_entries
-- A payout ended as its entry says: arrived, or back where it came from.
SELECT p.id AS payout, p.state AS state, e.kind AS kind
FROM payouts p JOIN entries e ON e.key = 'payout_end:' || p.id
WHERE CASE p.state WHEN 'settled' THEN 'payout_sent' WHEN 'failed' THEN 'payout_return'
                   WHEN 'rejected' THEN 'payout_return' ELSE '' END <> e.kind LIMIT 20;
