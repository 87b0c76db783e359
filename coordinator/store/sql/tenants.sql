-- Keys' limits, credit, usage and spending, budgets and alerts.

-- name: insert_usage_source
INSERT INTO usage_sources (project, customer, api_key, model_sha256, model, embeddings, batch)
VALUES (?1, ?2, ?3, ?4,
        coalesce((SELECT name FROM models WHERE sha256 = ?4 ORDER BY created DESC LIMIT 1), ?5),
        coalesce((SELECT max(embeddings) FROM models WHERE sha256 = ?4), 0), ?6)
ON CONFLICT (project, api_key, model_sha256, batch) DO NOTHING;

-- name: select_usage_source
SELECT number FROM usage_sources
WHERE project = ?1 AND api_key = ?2 AND model_sha256 = ?3 AND batch = ?4;

-- name: add_usage_hour
INSERT INTO usage_hours (source, hour, requests, prompt_tokens, cached_tokens, generated_tokens,
                         price)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (source, hour) DO UPDATE SET
    requests = requests + excluded.requests,
    prompt_tokens = prompt_tokens + excluded.prompt_tokens,
    cached_tokens = cached_tokens + excluded.cached_tokens,
    generated_tokens = generated_tokens + excluded.generated_tokens,
    price = price + excluded.price;

-- name: insert_spender
INSERT INTO spenders (kind, id, currency) VALUES (?1, ?2, ?3);

-- name: select_spender
SELECT number FROM spenders WHERE kind = ?1 AND id = ?2 AND currency = ?3;

-- name: add_spend_month
INSERT INTO spend_months (spender, month, micros) VALUES (?1, ?2, ?3)
ON CONFLICT (spender, month) DO UPDATE SET micros = micros + excluded.micros;

-- name: select_spent
SELECT m.micros AS micros FROM spenders s JOIN spend_months m ON m.spender = s.number
WHERE s.kind = ?1 AND s.id = ?2 AND s.currency = ?3 AND m.month = ?4;

-- name: sum_open_holds_of_key
SELECT coalesce(sum(b.micros), 0) AS micros
FROM jobs j INDEXED BY jobs_open_by_key JOIN balances b ON b.account = j.hold_account
WHERE j.api_key = ?1 AND j.ended IS NULL;

-- name: sum_open_holds_of_project
SELECT coalesce(sum(b.micros), 0) AS micros
FROM jobs j INDEXED BY jobs_open_by_project JOIN balances b ON b.account = j.hold_account
WHERE j.project = ?1 AND j.ended IS NULL;

-- name: sum_open_holds_of_customer
SELECT coalesce(sum(b.micros), 0) AS micros
FROM jobs j INDEXED BY jobs_open_by_customer JOIN balances b ON b.account = j.hold_account
            JOIN accounts a ON a.number = j.hold_account AND a.currency = ?2
WHERE j.customer = ?1 AND j.ended IS NULL;

-- name: select_key_cap
SELECT monthly_cap FROM credentials
WHERE id = ?1 AND kind = 'project' AND subject = ?2 AND monthly_cap IS NOT NULL;

-- name: select_hard_budget
SELECT b.amount AS amount
FROM spenders s JOIN budgets b ON b.spender = s.number AND b.hard = 1
WHERE s.kind = ?1 AND s.id = ?2 AND s.currency = ?3;

-- name: set_key_limits
UPDATE credentials SET scopes = ?2, monthly_cap = ?3, requests_per_minute = ?4,
                       tokens_per_minute = ?5, expires = ?6, label = ?7
WHERE id = ?1;

-- name: set_customer_weight
UPDATE customers SET weight = ?2 WHERE id = ?1;

-- name: put_credit_limit
INSERT INTO credit_limits (customer, currency, micros, changed) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (customer, currency) DO UPDATE SET micros = excluded.micros, changed = excluded.changed;

-- name: select_credit_limit
SELECT micros FROM credit_limits WHERE customer = ?1 AND currency = ?2;

-- name: put_budget
INSERT INTO budgets (spender, amount, hard, created, changed) VALUES (?1, ?2, ?3, ?4, ?4)
ON CONFLICT (spender) DO UPDATE SET amount = excluded.amount, hard = excluded.hard,
                                    changed = excluded.changed;

-- name: clear_budget_thresholds
DELETE FROM budget_thresholds
WHERE budget = (SELECT number FROM budgets WHERE spender = ?1);

-- name: add_budget_threshold
INSERT INTO budget_thresholds (budget, percent)
VALUES ((SELECT number FROM budgets WHERE spender = ?1), ?2)
ON CONFLICT (budget, percent) DO NOTHING;

-- name: remove_budget
DELETE FROM budgets WHERE spender = ?1;

-- name: select_budget
SELECT s.kind AS kind, s.id AS id, s.currency AS currency, b.amount AS amount, b.hard AS hard,
       b.created AS created, b.changed AS changed,
       (SELECT group_concat(percent, ' ') FROM budget_thresholds WHERE budget = b.number)
           AS thresholds,
       coalesce((SELECT micros FROM spend_months WHERE spender = s.number AND month = ?4), 0)
           AS spent
FROM spenders s JOIN budgets b ON b.spender = s.number
WHERE s.kind = ?1 AND s.id = ?2 AND s.currency = ?3;

-- name: list_budgets_of
-- A customer's own and those of its projects, in every currency.
SELECT s.kind AS kind, s.id AS id, s.currency AS currency, b.amount AS amount, b.hard AS hard,
       b.created AS created, b.changed AS changed,
       (SELECT group_concat(percent, ' ') FROM budget_thresholds WHERE budget = b.number)
           AS thresholds,
       coalesce((SELECT micros FROM spend_months WHERE spender = s.number AND month = ?2), 0)
           AS spent
FROM (SELECT 'customer' AS kind, ?1 AS id
      UNION ALL SELECT 'project', id FROM projects WHERE customer = ?1) w
     JOIN spenders s ON s.kind = w.kind AND s.id = w.id JOIN budgets b ON b.spender = s.number
ORDER BY s.kind, s.number;

-- name: list_budgets
SELECT s.kind AS kind, s.id AS id, s.currency AS currency, b.amount AS amount, b.hard AS hard,
       b.created AS created, b.changed AS changed,
       (SELECT group_concat(percent, ' ') FROM budget_thresholds WHERE budget = b.number)
           AS thresholds,
       coalesce((SELECT micros FROM spend_months WHERE spender = s.number AND month = ?1), 0)
           AS spent
FROM budgets b JOIN spenders s ON s.number = b.spender
ORDER BY b.number;

-- name: raise_alerts
INSERT INTO budget_alerts (spender, customer, month, percent, amount, spent, hard, raised)
SELECT b.spender,
       CASE s.kind WHEN 'customer' THEN s.id
                   ELSE (SELECT customer FROM projects WHERE id = s.id) END,
       m.month, t.percent, b.amount, m.micros, b.hard, ?3
FROM budgets b JOIN spenders s ON s.number = b.spender
               JOIN spend_months m ON m.spender = b.spender AND m.month = ?2
               JOIN budget_thresholds t ON t.budget = b.number
WHERE b.spender = ?1 AND m.micros >= b.amount / 100 * t.percent + b.amount % 100 * t.percent / 100
ORDER BY t.percent
ON CONFLICT (spender, month, percent) DO NOTHING;

-- name: list_alerts_of_spender
SELECT a.number AS number, s.kind AS kind, s.id AS id, s.currency AS currency, a.month AS month,
       a.percent AS percent, a.amount AS amount, a.spent AS spent, a.hard AS hard,
       a.raised AS raised, a.delivered_at AS delivered_at, a.customer AS customer
FROM budget_alerts a JOIN spenders s ON s.number = a.spender
WHERE a.spender = ?1 AND a.month = ?2 ORDER BY a.number DESC LIMIT ?3;

-- name: list_alerts_of_customer
SELECT a.number AS number, s.kind AS kind, s.id AS id, s.currency AS currency, a.month AS month,
       a.percent AS percent, a.amount AS amount, a.spent AS spent, a.hard AS hard,
       a.raised AS raised, a.delivered_at AS delivered_at, a.customer AS customer
FROM budget_alerts a JOIN spenders s ON s.number = a.spender
WHERE a.customer = ?1 AND a.number < ?2 ORDER BY a.number DESC LIMIT ?3;

-- name: list_alerts
SELECT a.number AS number, s.kind AS kind, s.id AS id, s.currency AS currency, a.month AS month,
       a.percent AS percent, a.amount AS amount, a.spent AS spent, a.hard AS hard,
       a.raised AS raised, a.delivered_at AS delivered_at, a.customer AS customer
FROM budget_alerts a JOIN spenders s ON s.number = a.spender
WHERE a.number < ?1 ORDER BY a.number DESC LIMIT ?2;

-- name: list_undelivered_alerts
SELECT a.number AS number, s.kind AS kind, s.id AS id, s.currency AS currency, a.month AS month,
       a.percent AS percent, a.amount AS amount, a.spent AS spent, a.hard AS hard,
       a.raised AS raised, a.delivered_at AS delivered_at, a.customer AS customer
FROM budget_alerts a INDEXED BY budget_alerts_undelivered JOIN spenders s ON s.number = a.spender
WHERE a.delivered_at IS NULL AND a.number > ?1 ORDER BY a.number LIMIT ?2;

-- name: set_alert_delivered
UPDATE budget_alerts SET delivered_at = ?2 WHERE number = ?1 AND delivered_at IS NULL;

-- name: usage_by_hours
-- ?1 customer, ?2 project or NULL, hours [?3, ?4) in buckets of ?5 hours.
SELECT u.project AS project, u.api_key AS api_key, u.model AS model, u.batch AS batch,
       u.embeddings AS embeddings, p.currency AS currency, h.hour / ?5 AS bucket,
       sum(h.requests) AS requests, sum(h.prompt_tokens) AS prompt_tokens,
       sum(h.cached_tokens) AS cached_tokens, sum(h.generated_tokens) AS generated_tokens,
       sum(h.price) AS price
FROM usage_sources u CROSS JOIN projects p ON p.id = u.project
                     CROSS JOIN usage_hours h ON h.source = u.number
WHERE u.customer = ?1 AND (?2 IS NULL OR u.project = ?2) AND h.hour >= ?3 AND h.hour < ?4
GROUP BY bucket, u.project, u.api_key, u.model, u.batch, u.embeddings
ORDER BY bucket, u.project, u.api_key, u.model, u.batch;

-- name: usage_by_minutes
-- The same from single records: minutes [?3, ?4) in buckets of ?5 minutes.
SELECT u.project AS project, u.api_key AS api_key, u.model AS model, u.batch AS batch,
       u.embeddings AS embeddings, p.currency AS currency,
       m.number / 1024 / 60000000 / ?5 AS bucket,
       sum(m.number % 1024 = 0) AS requests, sum(m.prompt_tokens) AS prompt_tokens,
       sum(m.cached_tokens) AS cached_tokens, sum(m.generated_tokens) AS generated_tokens,
       sum(m.price) AS price
FROM meter_sources s CROSS JOIN meters m ON m.source = s.number
                     CROSS JOIN usage_sources u ON u.number = m.usage
                     CROSS JOIN projects p ON p.id = u.project
WHERE s.customer = ?1 AND (?2 IS NULL OR s.project = ?2)
    AND m.number >= ?3 * 60000000 * 1024 AND m.number < ?4 * 60000000 * 1024
GROUP BY bucket, u.project, u.api_key, u.model, u.batch, u.embeddings
ORDER BY bucket, u.project, u.api_key, u.model, u.batch;
