-- Sites with their consent, enrolment tokens, nodes.

-- name: keep_consent_text
INSERT INTO consent_texts (sha256, text) VALUES (?1, ?2) ON CONFLICT DO NOTHING;

-- name: select_consent_text
SELECT t.text FROM consent_texts t JOIN sites s ON s.consent_text_sha256 = t.sha256 WHERE s.id = ?1;

-- name: insert_site
INSERT INTO sites (id, owner, name, consent_text_date, consent_text_sha256, consent_accepted_by,
                   consent_accepted, created)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- name: select_site
SELECT id, owner, name, certified, consent_text_date, consent_text_sha256, consent_accepted_by,
       consent_accepted, consent_revoked, policy, created
FROM sites WHERE id = ?1;

-- name: list_sites
SELECT id, owner, name, certified, consent_text_date, consent_text_sha256, consent_accepted_by,
       consent_accepted, consent_revoked, policy, created
FROM sites ORDER BY rowid;

-- name: list_sites_of_owner
SELECT id, owner, name, certified, consent_text_date, consent_text_sha256, consent_accepted_by,
       consent_accepted, consent_revoked, policy, created
FROM sites WHERE owner = ?1 ORDER BY rowid;

-- name: certify_site
UPDATE sites SET certified = ?2 WHERE id = ?1;

-- name: set_site_policy
UPDATE sites SET policy = ?2 WHERE id = ?1;

-- name: revoke_consent
UPDATE sites SET consent_revoked = ?2 WHERE id = ?1 AND consent_revoked IS NULL;

-- name: revoke_tokens_of_site
UPDATE tokens SET revoked = ?2 WHERE site = ?1 AND revoked IS NULL;

-- name: revoke_nodes_of_site
UPDATE nodes SET revoked = ?2 WHERE site = ?1 AND revoked IS NULL;

-- name: insert_token
INSERT INTO tokens (id, site, secret_sha256, uses_left, created, expires)
VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- name: select_token_by_secret
SELECT id, site, uses_left, created, expires, revoked FROM tokens WHERE secret_sha256 = ?1;

-- name: list_tokens
SELECT id, site, uses_left, created, expires, revoked FROM tokens WHERE site = ?1 ORDER BY rowid;

-- name: select_token
SELECT id, site, uses_left, created, expires, revoked FROM tokens WHERE id = ?1;

-- name: revoke_token
UPDATE tokens SET revoked = ?2 WHERE id = ?1 AND revoked IS NULL;

-- name: use_token
UPDATE tokens SET uses_left = uses_left - 1 WHERE id = ?1 AND uses_left > 0;

-- name: insert_node
INSERT INTO nodes (id, site, hardware_fingerprint, hostname, os, arch, software_version, enrolled,
                   last_seen)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8);

-- name: refresh_node
UPDATE nodes SET hostname = ?2, os = ?3, arch = ?4, software_version = ?5, last_seen = ?6
WHERE id = ?1;

-- name: select_node_by_hardware
SELECT id, revoked FROM nodes WHERE site = ?1 AND hardware_fingerprint = ?2;

-- name: set_certificate
UPDATE nodes SET certificate_serial = ?2, certificate_expires = ?3
WHERE id = ?1 AND revoked IS NULL;

-- name: touch_node
UPDATE nodes SET last_seen = ?2, software_version = ?3 WHERE id = ?1;

-- name: revoke_node
UPDATE nodes SET revoked = ?2 WHERE id = ?1 AND revoked IS NULL;

-- name: select_node
SELECT n.id AS id, n.site AS site, s.owner AS owner, s.certified AS certified,
       s.policy AS site_policy,
       n.hardware_fingerprint AS hardware_fingerprint, n.hostname AS hostname, n.os AS os,
       n.arch AS arch, n.software_version AS software_version,
       n.certificate_serial AS certificate_serial, n.certificate_expires AS certificate_expires,
       n.enrolled AS enrolled, n.last_seen AS last_seen, n.revoked AS revoked
FROM nodes n JOIN sites s ON s.id = n.site WHERE n.id = ?1;

-- name: list_nodes
SELECT n.id AS id, n.site AS site, s.owner AS owner, s.certified AS certified,
       s.policy AS site_policy,
       n.hardware_fingerprint AS hardware_fingerprint, n.hostname AS hostname, n.os AS os,
       n.arch AS arch, n.software_version AS software_version,
       n.certificate_serial AS certificate_serial, n.certificate_expires AS certificate_expires,
       n.enrolled AS enrolled, n.last_seen AS last_seen, n.revoked AS revoked
FROM nodes n JOIN sites s ON s.id = n.site ORDER BY n.rowid;

-- name: list_nodes_of_site
SELECT n.id AS id, n.site AS site, s.owner AS owner, s.certified AS certified,
       s.policy AS site_policy,
       n.hardware_fingerprint AS hardware_fingerprint, n.hostname AS hostname, n.os AS os,
       n.arch AS arch, n.software_version AS software_version,
       n.certificate_serial AS certificate_serial, n.certificate_expires AS certificate_expires,
       n.enrolled AS enrolled, n.last_seen AS last_seen, n.revoked AS revoked
FROM nodes n JOIN sites s ON s.id = n.site WHERE n.site = ?1 ORDER BY n.rowid;
