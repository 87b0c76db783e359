-- Idempotency keys of the API, standings of nodes, the start epoch.

-- name: insert_idempotency_key
INSERT INTO idempotency_keys (project, key, request_sha256, http_status, body, created)
VALUES (?1, ?2, ?3, 0, '', ?4)
ON CONFLICT (project, key) DO NOTHING;

-- name: select_idempotency_key
SELECT request_sha256, http_status, body FROM idempotency_keys WHERE project = ?1 AND key = ?2;

-- name: finish_idempotency_key
UPDATE idempotency_keys SET http_status = ?3, body = ?4
WHERE project = ?1 AND key = ?2 AND http_status = 0;

-- name: release_idempotency_key
DELETE FROM idempotency_keys WHERE project = ?1 AND key = ?2 AND http_status = 0;

-- name: expire_idempotency_keys
DELETE FROM idempotency_keys WHERE created < ?1;

-- name: forget_unfinished_idempotency_keys
DELETE FROM idempotency_keys WHERE http_status = 0;

-- name: put_standing
INSERT INTO standings (key, json) VALUES (?1, ?2)
ON CONFLICT (key) DO UPDATE SET json = excluded.json;

-- name: list_standings
SELECT key, json FROM standings ORDER BY key;

-- name: next_epoch
UPDATE start_epoch SET value = value + 1 WHERE only = 1 RETURNING value;

-- name: begin_write
BEGIN IMMEDIATE;

-- name: begin_read
BEGIN;

-- name: commit
COMMIT;

-- name: rollback
ROLLBACK;

-- name: savepoint
SAVEPOINT nested;

-- name: release_savepoint
RELEASE nested;

-- name: rollback_to_savepoint
ROLLBACK TO nested;
