-- Who brought whom, and what it yielded.

-- name: insert_referral_code
INSERT INTO referral_codes (code, partner, label, created) VALUES (?1, ?2, ?3, ?4);

-- name: select_referral_code
SELECT code, partner, label, created, revoked FROM referral_codes WHERE code = ?1;

-- name: list_referral_codes
SELECT c.code AS code, c.partner AS partner, c.label AS label, c.created AS created,
       c.revoked AS revoked
FROM referral_codes c WHERE c.partner = ?1 ORDER BY c.created, c.code;

-- name: revoke_referral_code
UPDATE referral_codes SET revoked = ?2 WHERE code = ?1 AND revoked IS NULL;

-- name: set_owner_referral
UPDATE owners SET referred_by = ?2, referral_code = ?3 WHERE id = ?1;

-- name: set_customer_referral
UPDATE customers SET referred_by = ?2, referral_code = ?3 WHERE id = ?1;

-- name: list_referred
-- Commission of all time, by what was shared: earned, and what was reversed taken off.
SELECT 'owner' AS kind, o.id AS id, o.name AS name, o.created AS since,
       coalesce(o.referral_code, '') AS code, coalesce(w.currency, 'CNY') AS currency,
       coalesce(sum(w.owner_partner_share), 0)
       - coalesce((SELECT sum(r.owner_partner_share) FROM work_sources s CROSS JOIN reversals r
                   ON r.source = s.source
                   WHERE s.owner = o.id AND s.owner_partner = ?1 AND s.currency = w.currency), 0)
       AS commission
FROM owners o LEFT JOIN work_of_days w ON w.owner = o.id AND w.owner_partner = ?1
WHERE o.referred_by = ?1 GROUP BY o.id, w.currency
UNION ALL
SELECT 'customer', c.id, c.name, c.created, coalesce(c.referral_code, ''),
       coalesce(w.currency, 'CNY'),
       coalesce(sum(w.customer_partner_share), 0)
       - coalesce((SELECT sum(r.customer_partner_share) FROM work_sources s CROSS JOIN reversals r
                   ON r.source = s.source
                   WHERE s.customer = c.id AND s.customer_partner = ?1
                     AND s.currency = w.currency), 0)
FROM customers c LEFT JOIN work_of_days w ON w.customer = c.id AND w.customer_partner = ?1
WHERE c.referred_by = ?1 GROUP BY c.id, w.currency
ORDER BY kind DESC, since, id;
