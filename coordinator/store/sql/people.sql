-- Owners, partners, customers, projects and their credentials.

-- name: insert_owner
INSERT INTO owners (id, name, referred_by, created) VALUES (?1, ?2, ?3, ?4);

-- name: select_owner
SELECT id, name, referred_by, created FROM owners WHERE id = ?1;

-- name: list_owners
SELECT id, name, referred_by, created FROM owners ORDER BY rowid;

-- name: insert_partner
INSERT INTO partners (id, name, created) VALUES (?1, ?2, ?3);

-- name: select_partner
SELECT id, name, created FROM partners WHERE id = ?1;

-- name: list_partners
SELECT id, name, created FROM partners ORDER BY rowid;

-- name: insert_customer
INSERT INTO customers (id, name, referred_by, own_sites_of, created) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: select_customer
SELECT id, name, referred_by, own_sites_of, weight, created FROM customers WHERE id = ?1;

-- name: list_customers
SELECT id, name, referred_by, own_sites_of, weight, created FROM customers ORDER BY rowid;

-- name: insert_project
INSERT INTO projects (id, customer, name, currency, created) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: select_project
SELECT id, customer, name, currency, created FROM projects WHERE id = ?1;

-- name: select_project_number
SELECT number FROM projects WHERE id = ?1;

-- name: list_projects
SELECT id, customer, name, currency, created FROM projects WHERE customer = ?1 ORDER BY number;

-- name: insert_credential
INSERT INTO credentials (id, kind, subject, label, secret_sha256, created, scopes, monthly_cap,
                         requests_per_minute, tokens_per_minute, expires)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11);

-- name: list_credentials
SELECT id, kind, subject, label, created, revoked, scopes, monthly_cap, requests_per_minute,
       tokens_per_minute, expires
FROM credentials WHERE kind = ?1 AND subject = ?2 ORDER BY rowid;

-- name: select_credential
SELECT id, kind, subject, label, created, revoked, scopes, monthly_cap, requests_per_minute,
       tokens_per_minute, expires
FROM credentials WHERE id = ?1;

-- name: revoke_credential
UPDATE credentials SET revoked = ?2 WHERE id = ?1 AND revoked IS NULL;

-- name: authenticate
SELECT c.id AS id, c.kind AS kind, c.subject AS subject, c.scopes AS scopes,
       c.requests_per_minute AS requests_per_minute, c.tokens_per_minute AS tokens_per_minute,
       c.expires AS expires, p.customer AS customer, p.currency AS currency,
       o.role AS role
FROM credentials c LEFT JOIN projects p ON c.kind = 'project' AND p.id = c.subject
                   LEFT JOIN operators o ON c.kind = 'operator' AND o.name = c.subject
WHERE c.secret_sha256 = ?1 AND c.revoked IS NULL AND (c.expires IS NULL OR c.expires > ?2);
