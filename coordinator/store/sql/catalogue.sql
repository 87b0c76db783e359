-- Models with their canaries, engine packages.

-- name: upsert_model
INSERT INTO models (name, sha256, size_bytes, architecture, quantisation, parameters,
                    context_tokens, memory_bytes, slots, embeddings, prompt_micros_per_million,
                    generated_micros_per_million, created)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
ON CONFLICT (name) DO UPDATE SET
    size_bytes = excluded.size_bytes,
    architecture = excluded.architecture,
    quantisation = excluded.quantisation,
    parameters = excluded.parameters,
    context_tokens = excluded.context_tokens,
    memory_bytes = excluded.memory_bytes,
    slots = excluded.slots,
    embeddings = excluded.embeddings,
    prompt_micros_per_million = excluded.prompt_micros_per_million,
    generated_micros_per_million = excluded.generated_micros_per_million;

-- name: select_model
SELECT name, sha256, size_bytes, architecture, quantisation, parameters, context_tokens,
       memory_bytes, slots, embeddings, prompt_micros_per_million, generated_micros_per_million,
       created
FROM models WHERE name = ?1;

-- name: select_model_name
SELECT name FROM models WHERE sha256 = ?1 ORDER BY name LIMIT 1;

-- name: list_models
SELECT name, sha256, size_bytes, architecture, quantisation, parameters, context_tokens,
       memory_bytes, slots, embeddings, prompt_micros_per_million, generated_micros_per_million,
       created
FROM models ORDER BY name;

-- name: delete_model
DELETE FROM models WHERE name = ?1;

-- name: delete_canaries
DELETE FROM canaries WHERE model_sha256 = ?1;

-- name: insert_canary
INSERT INTO canaries (model_sha256, position, request_json, expect) VALUES (?1, ?2, ?3, ?4);

-- name: list_canaries
SELECT request_json, expect FROM canaries WHERE model_sha256 = ?1 ORDER BY position;

-- name: insert_engine
INSERT INTO engines (sha256, size_bytes, name, version, backend, os, arch, created, min_driver)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT (sha256) DO NOTHING;

-- name: list_engines
SELECT sha256, size_bytes, name, version, backend, os, arch, created, min_driver FROM engines
ORDER BY rowid;
