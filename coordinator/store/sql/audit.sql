-- The audit log.

-- name: insert_audit
INSERT INTO audit (number, at, operator, credential, action, sent, intent, outcome, hash)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);

-- name: select_audit_head
SELECT number, hash FROM audit WHERE number > 0 ORDER BY number DESC LIMIT 1;

-- name: select_audit_row
SELECT number, at, operator, credential, action, sent, intent, outcome, hash
FROM audit WHERE number = ?1;

-- name: select_audit_outcome
SELECT number FROM audit WHERE intent = ?1 AND intent > 0;

-- name: list_audit
-- Newest first. ?1: below this number; [?2, ?3): the time.
SELECT number, at, operator, credential, action, sent, intent, outcome, hash
FROM audit WHERE number < ?1 AND at >= ?2 AND at < ?3 ORDER BY number DESC LIMIT ?4;

-- name: list_audit_of_operator
SELECT number, at, operator, credential, action, sent, intent, outcome, hash
FROM audit WHERE operator = ?5 AND number < ?1 AND at >= ?2 AND at < ?3
ORDER BY number DESC LIMIT ?4;

-- name: walk_audit
SELECT number, at, operator, credential, action, sent, intent, outcome, hash
FROM audit WHERE number > 0 ORDER BY number;

-- name: list_audit_heads_of_closes
SELECT kind, number, audit_number, audit_hash FROM closes
WHERE kind IN ('day', 'month') AND audit_number > 0 ORDER BY audit_number;
