-- Jobs, their settled items and the receipts.

-- name: insert_job
INSERT INTO jobs (id, project, customer, own_sites_of, endpoint, model, model_sha256,
                  prompt_micros_per_million, generated_micros_per_million, input_file, state,
                  privacy, replicas, metadata_json, errors_json, total, hold_account, created,
                  deadline, started, ended, terms, api_key)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
        ?21, ?22, ?23);

-- name: insert_job_progress
INSERT INTO job_progress (job_number) VALUES (?1);

-- name: select_job
SELECT j.id AS id, j.number AS number, j.project AS project, j.customer AS customer,
       j.own_sites_of AS own_sites_of, j.api_key AS api_key, c.weight AS weight,
       j.endpoint AS endpoint, j.model AS model,
       j.model_sha256 AS model_sha256, j.prompt_micros_per_million AS prompt_micros_per_million,
       j.generated_micros_per_million AS generated_micros_per_million,
       j.input_file AS input_file, j.output_file AS output_file, j.error_file AS error_file,
       j.state AS state, j.privacy AS privacy, j.replicas AS replicas,
       j.metadata_json AS metadata_json, j.errors_json AS errors_json, j.total AS total,
       p.completed AS completed, p.failed AS failed, a.currency AS currency, b.micros AS held,
       j.created AS created, j.terms AS terms,
       j.deadline AS deadline, j.started AS started, j.finalizing AS finalizing, j.ended AS ended
FROM jobs j JOIN job_progress p ON p.job_number = j.number
            JOIN balances b ON b.account = j.hold_account
            JOIN accounts a ON a.number = j.hold_account
            JOIN customers c ON c.id = j.customer
WHERE j.id = ?1;

-- name: list_jobs
SELECT j.id AS id, j.number AS number, j.project AS project, j.customer AS customer,
       j.own_sites_of AS own_sites_of, j.api_key AS api_key, c.weight AS weight,
       j.endpoint AS endpoint, j.model AS model,
       j.model_sha256 AS model_sha256, j.prompt_micros_per_million AS prompt_micros_per_million,
       j.generated_micros_per_million AS generated_micros_per_million,
       j.input_file AS input_file, j.output_file AS output_file, j.error_file AS error_file,
       j.state AS state, j.privacy AS privacy, j.replicas AS replicas,
       j.metadata_json AS metadata_json, j.errors_json AS errors_json, j.total AS total,
       p.completed AS completed, p.failed AS failed, a.currency AS currency, b.micros AS held,
       j.created AS created, j.terms AS terms,
       j.deadline AS deadline, j.started AS started, j.finalizing AS finalizing, j.ended AS ended
FROM jobs j JOIN job_progress p ON p.job_number = j.number
            JOIN balances b ON b.account = j.hold_account
            JOIN accounts a ON a.number = j.hold_account
            JOIN customers c ON c.id = j.customer
WHERE j.project = ?1 AND j.number < ?2 ORDER BY j.number DESC LIMIT ?3;

-- name: list_open_jobs
SELECT j.id AS id, j.number AS number, j.project AS project, j.customer AS customer,
       j.own_sites_of AS own_sites_of, j.api_key AS api_key, c.weight AS weight,
       j.endpoint AS endpoint, j.model AS model,
       j.model_sha256 AS model_sha256, j.prompt_micros_per_million AS prompt_micros_per_million,
       j.generated_micros_per_million AS generated_micros_per_million,
       j.input_file AS input_file, j.output_file AS output_file, j.error_file AS error_file,
       j.state AS state, j.privacy AS privacy, j.replicas AS replicas,
       j.metadata_json AS metadata_json, j.errors_json AS errors_json, j.total AS total,
       p.completed AS completed, p.failed AS failed, a.currency AS currency, b.micros AS held,
       j.created AS created, j.terms AS terms,
       j.deadline AS deadline, j.started AS started, j.finalizing AS finalizing, j.ended AS ended
FROM jobs j INDEXED BY jobs_open JOIN job_progress p ON p.job_number = j.number
            JOIN balances b ON b.account = j.hold_account
            JOIN accounts a ON a.number = j.hold_account
            JOIN customers c ON c.id = j.customer
WHERE j.ended IS NULL AND j.state IN ('in_progress', 'cancelling', 'finalizing')
ORDER BY j.number;

-- name: select_job_number
SELECT number FROM jobs WHERE id = ?1 AND project = ?2;

-- name: set_job_state
UPDATE jobs SET state = ?2, finalizing = coalesce(?3, finalizing) WHERE id = ?1;

-- name: end_job
UPDATE jobs SET state = ?2, output_file = ?3, error_file = ?4, ended = ?5 WHERE id = ?1;

-- name: fail_unsettled_items
UPDATE job_progress SET failed = ?2 - completed WHERE job_number = ?1 AND completed + failed < ?2;

-- name: add_job_progress
UPDATE job_progress SET completed = completed + ?2, failed = failed + ?3 WHERE job_number = ?1;

-- name: select_job_for_accept
SELECT j.number AS number, j.state AS state, j.total AS total, j.project AS project,
       j.customer AS customer, j.hold_account AS hold_account, b.micros AS held,
       p.number AS project_number, p.currency AS currency
FROM jobs j JOIN balances b ON b.account = j.hold_account JOIN projects p ON p.id = j.project
WHERE j.id = ?1;

-- name: insert_outcome
INSERT INTO outcomes (key, failed, request, http_status, body) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (key) DO NOTHING;

-- name: select_outcome
SELECT 1 AS settled FROM outcomes WHERE key = ?1;

-- name: list_outcome_keys
SELECT key FROM outcomes WHERE key >= ?1 AND key < ?2 ORDER BY key;

-- name: list_outcomes
SELECT key, failed, request, http_status, body FROM outcomes
WHERE key >= ?1 AND key < ?2 ORDER BY key;

-- name: insert_receipt
INSERT INTO receipts (project, request, json) VALUES (?1, ?2, ?3)
ON CONFLICT (request) DO NOTHING;

-- name: select_receipt
SELECT r.json AS json FROM receipts r JOIN projects p ON p.number = r.project
WHERE r.request = ?2 AND p.id = ?1;
