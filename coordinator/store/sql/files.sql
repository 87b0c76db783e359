-- Customers' files: their bytes lie elsewhere.

-- name: insert_file
INSERT INTO files (id, project, purpose, filename, bytes, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (id) DO NOTHING;

-- name: select_file
SELECT id, project, purpose, filename, bytes, created FROM files WHERE id = ?1 AND project = ?2;

-- name: select_file_number
SELECT number FROM files WHERE id = ?1 AND project = ?2;

-- name: list_files_ascending
SELECT id, project, purpose, filename, bytes, created FROM files
WHERE project = ?1 AND number > ?2 ORDER BY number LIMIT ?3;

-- name: list_files_descending
SELECT id, project, purpose, filename, bytes, created FROM files
WHERE project = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3;

-- name: list_files_of_purpose_ascending
SELECT id, project, purpose, filename, bytes, created FROM files
WHERE project = ?1 AND purpose = ?4 AND number > ?2 ORDER BY number LIMIT ?3;

-- name: list_files_of_purpose_descending
SELECT id, project, purpose, filename, bytes, created FROM files
WHERE project = ?1 AND purpose = ?4 AND number < ?2 ORDER BY number DESC LIMIT ?3;

-- name: list_file_ids
SELECT id FROM files;

-- name: select_open_job_reading_file
SELECT id FROM jobs WHERE project = ?1 AND input_file = ?2 AND ended IS NULL LIMIT 1;

-- name: delete_file
DELETE FROM files WHERE id = ?1 AND project = ?2;

-- name: sum_file_bytes
SELECT coalesce(sum(bytes), 0) AS bytes FROM files WHERE project = ?1;
