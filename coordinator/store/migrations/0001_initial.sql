-- Times are UTC microseconds, money is micro-units, identities are text. Rows of the hot path refer
-- to each other by small integers. Enumerations are text with a CHECK.

CREATE TABLE partners (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE owners (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    referred_by TEXT REFERENCES partners (id),
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE customers (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    referred_by TEXT REFERENCES partners (id),
    own_sites_of TEXT REFERENCES owners (id),
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE projects (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    customer TEXT NOT NULL REFERENCES customers (id),
    name TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT;
CREATE INDEX projects_by_customer ON projects (customer);

CREATE TABLE credentials (
    id TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('operator', 'owner', 'partner', 'project')),
    subject TEXT NOT NULL,
    label TEXT NOT NULL,
    secret_sha256 TEXT NOT NULL UNIQUE CHECK (length(secret_sha256) = 64),
    created INTEGER NOT NULL,
    revoked INTEGER
) STRICT;
CREATE INDEX credentials_by_subject ON credentials (kind, subject);

-- Every text that an owner has accepted, as it was shown.
CREATE TABLE consent_texts (
    sha256 TEXT PRIMARY KEY NOT NULL CHECK (length(sha256) = 64),
    text TEXT NOT NULL
) STRICT;
CREATE TRIGGER consent_text_is_evidence BEFORE UPDATE ON consent_texts
BEGIN
    SELECT RAISE(ABORT, 'a text that was accepted is never changed');
END;
CREATE TRIGGER consent_text_is_kept BEFORE DELETE ON consent_texts
BEGIN
    SELECT RAISE(ABORT, 'a text that was accepted is never deleted');
END;

-- A site and its owner's consent are one row: neither exists without the other.
CREATE TABLE sites (
    id TEXT PRIMARY KEY NOT NULL,
    owner TEXT NOT NULL REFERENCES owners (id),
    name TEXT NOT NULL,
    certified INTEGER NOT NULL DEFAULT 0 CHECK (certified IN (0, 1)),
    consent_text_date TEXT NOT NULL CHECK (length(consent_text_date) = 10),
    consent_text_sha256 TEXT NOT NULL REFERENCES consent_texts (sha256),
    consent_accepted_by TEXT NOT NULL REFERENCES credentials (id),
    consent_accepted INTEGER NOT NULL,
    consent_revoked INTEGER,
    created INTEGER NOT NULL
) STRICT;
CREATE INDEX sites_by_owner ON sites (owner);

-- What was consented to, by whom and when is evidence: only its revocation is ever added.
CREATE TRIGGER consent_is_evidence BEFORE UPDATE OF
    owner, consent_text_date, consent_text_sha256, consent_accepted_by, consent_accepted ON sites
BEGIN
    SELECT RAISE(ABORT, 'a recorded consent is never changed');
END;
CREATE TRIGGER consent_stays_revoked BEFORE UPDATE OF consent_revoked ON sites
WHEN OLD.consent_revoked IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'a revoked consent stays revoked');
END;
CREATE TRIGGER consent_is_kept BEFORE DELETE ON sites
BEGIN
    SELECT RAISE(ABORT, 'a recorded consent is never deleted');
END;

CREATE TABLE tokens (
    id TEXT PRIMARY KEY NOT NULL,
    site TEXT NOT NULL REFERENCES sites (id),
    secret_sha256 TEXT NOT NULL UNIQUE CHECK (length(secret_sha256) = 64),
    uses_left INTEGER NOT NULL CHECK (uses_left >= -1),
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    revoked INTEGER
) STRICT;
CREATE INDEX tokens_by_site ON tokens (site);

CREATE TABLE nodes (
    id TEXT PRIMARY KEY NOT NULL,
    site TEXT NOT NULL REFERENCES sites (id),
    hardware_fingerprint TEXT NOT NULL CHECK (length(hardware_fingerprint) > 0),
    hostname TEXT NOT NULL,
    os TEXT NOT NULL,
    arch TEXT NOT NULL,
    software_version TEXT NOT NULL,
    certificate_serial TEXT NOT NULL DEFAULT '',
    certificate_expires INTEGER NOT NULL DEFAULT 0,
    enrolled INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    revoked INTEGER,
    UNIQUE (site, hardware_fingerprint)
) STRICT;

CREATE TABLE models (
    name TEXT PRIMARY KEY NOT NULL CHECK (length(name) > 0),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    size_bytes INTEGER NOT NULL,
    architecture TEXT NOT NULL,
    quantisation TEXT NOT NULL,
    parameters INTEGER NOT NULL,
    context_tokens INTEGER NOT NULL,
    memory_bytes INTEGER NOT NULL,
    slots INTEGER NOT NULL CHECK (slots > 0),
    embeddings INTEGER NOT NULL CHECK (embeddings IN (0, 1)),
    prompt_micros_per_million INTEGER NOT NULL CHECK (prompt_micros_per_million >= 0),
    generated_micros_per_million INTEGER NOT NULL CHECK (generated_micros_per_million >= 0),
    created INTEGER NOT NULL
) STRICT;
CREATE INDEX models_by_sha256 ON models (sha256);

CREATE TABLE canaries (
    model_sha256 TEXT NOT NULL,
    position INTEGER NOT NULL,
    request_json TEXT NOT NULL,
    expect TEXT NOT NULL,
    PRIMARY KEY (model_sha256, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE engines (
    sha256 TEXT PRIMARY KEY NOT NULL CHECK (length(sha256) = 64),
    size_bytes INTEGER NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    backend TEXT NOT NULL,
    os TEXT NOT NULL,
    arch TEXT NOT NULL,
    created INTEGER NOT NULL,
    min_driver TEXT NOT NULL
) STRICT;

CREATE TABLE files (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL REFERENCES projects (id),
    purpose TEXT NOT NULL,
    filename TEXT NOT NULL,
    bytes INTEGER NOT NULL CHECK (bytes >= 0),
    created INTEGER NOT NULL
) STRICT;
CREATE INDEX files_by_project ON files (project);
CREATE INDEX files_by_purpose ON files (project, purpose);

-- The journal's accounts. Balances are kept beside the journal and can be recomputed from it.
CREATE TABLE accounts (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE balances (
    account INTEGER PRIMARY KEY REFERENCES accounts (number),
    micros INTEGER NOT NULL
) STRICT;

-- Files named here may be deleted by their customer, so they are no foreign keys.
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL REFERENCES projects (id),
    customer TEXT NOT NULL REFERENCES customers (id),
    own_sites_of TEXT REFERENCES owners (id),
    endpoint TEXT NOT NULL,
    model TEXT NOT NULL,
    model_sha256 TEXT NOT NULL,
    prompt_micros_per_million INTEGER NOT NULL,
    generated_micros_per_million INTEGER NOT NULL,
    input_file TEXT NOT NULL,
    output_file TEXT NOT NULL DEFAULT '',
    error_file TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL CHECK (state IN ('validating', 'failed', 'in_progress', 'finalizing',
                                         'completed', 'expired', 'cancelling', 'cancelled')),
    privacy TEXT NOT NULL CHECK (privacy IN ('any', 'certified', 'own')),
    replicas INTEGER NOT NULL CHECK (replicas > 0),
    metadata_json TEXT NOT NULL,
    errors_json TEXT NOT NULL,
    total INTEGER NOT NULL CHECK (total >= 0),
    hold_account INTEGER NOT NULL REFERENCES accounts (number),
    created INTEGER NOT NULL,
    deadline INTEGER NOT NULL,
    started INTEGER,
    finalizing INTEGER,
    ended INTEGER
) STRICT;
CREATE INDEX jobs_by_project ON jobs (project);
CREATE INDEX jobs_by_customer ON jobs (customer);
CREATE INDEX jobs_open ON jobs (state) WHERE ended IS NULL;

-- Beside the job, because it changes with every group of results and the job's row is wide.
CREATE TABLE job_progress (
    job_number INTEGER PRIMARY KEY REFERENCES jobs (number),
    completed INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0
) STRICT;

-- key = job number << 32 | index: that an item is settled once is this table's primary key.
CREATE TABLE outcomes (
    key INTEGER PRIMARY KEY,
    failed INTEGER NOT NULL CHECK (failed IN (0, 1)),
    request TEXT NOT NULL,
    http_status INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE receipts (
    number INTEGER PRIMARY KEY,
    project INTEGER NOT NULL,
    request TEXT NOT NULL UNIQUE,
    json TEXT NOT NULL
) STRICT;

-- Who worked for whom with what: the repeated part of a meter record, kept once. The partners are
-- those of the owner and the customer.
CREATE TABLE meter_sources (
    number INTEGER PRIMARY KEY,
    project TEXT NOT NULL REFERENCES projects (id),
    customer TEXT NOT NULL REFERENCES customers (id),
    node TEXT NOT NULL REFERENCES nodes (id),
    site TEXT NOT NULL REFERENCES sites (id),
    owner TEXT NOT NULL REFERENCES owners (id),
    owner_partner TEXT REFERENCES partners (id),
    customer_partner TEXT REFERENCES partners (id),
    device_class TEXT NOT NULL,
    model_sha256 TEXT NOT NULL,
    model TEXT NOT NULL,
    UNIQUE (node, project, device_class, model_sha256)
) STRICT;
CREATE INDEX meter_sources_by_owner ON meter_sources (owner);
CREATE INDEX meter_sources_by_customer ON meter_sources (customer);
CREATE INDEX meter_sources_by_owner_partner ON meter_sources (owner_partner)
    WHERE owner_partner IS NOT NULL;
CREATE INDEX meter_sources_by_customer_partner ON meter_sources (customer_partner)
    WHERE customer_partner IS NOT NULL;

-- An entry's number is the microsecond at which it was posted, made unique by counting on, so that
-- a period of time is a range of numbers. A meter record's number is its entry's number * 1024 +
-- the part's position; it has no entry when all parts of its answer were free.
CREATE TABLE entries (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('top_up', 'hold', 'release', 'charge', 'reversal')),
    key TEXT
) STRICT;
CREATE UNIQUE INDEX entries_by_key ON entries (key) WHERE key IS NOT NULL;

CREATE TABLE postings (
    account INTEGER NOT NULL REFERENCES accounts (number),
    entry INTEGER NOT NULL,
    micros INTEGER NOT NULL CHECK (micros <> 0),
    PRIMARY KEY (account, entry)
) STRICT, WITHOUT ROWID;

CREATE TABLE meters (
    number INTEGER PRIMARY KEY,
    source INTEGER NOT NULL REFERENCES meter_sources (number),
    attempt_key TEXT NOT NULL UNIQUE,
    request TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL CHECK (prompt_tokens >= 0),
    generated_tokens INTEGER NOT NULL CHECK (generated_tokens >= 0),
    device_micros INTEGER NOT NULL CHECK (device_micros >= 0),
    price INTEGER NOT NULL CHECK (price >= 0),
    owner_share INTEGER NOT NULL,
    owner_partner_share INTEGER NOT NULL,
    customer_partner_share INTEGER NOT NULL
) STRICT;
CREATE INDEX meters_by_source ON meters (source);

-- Money has no update and no delete: a mistake is corrected by a reversing entry.
CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'an entry is never changed'); END;
CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'an entry is never deleted'); END;
CREATE TRIGGER postings_no_update BEFORE UPDATE ON postings
BEGIN SELECT RAISE(ABORT, 'a posting is never changed'); END;
CREATE TRIGGER postings_no_delete BEFORE DELETE ON postings
BEGIN SELECT RAISE(ABORT, 'a posting is never deleted'); END;
CREATE TRIGGER meters_no_update BEFORE UPDATE ON meters
BEGIN SELECT RAISE(ABORT, 'a meter record is never changed'); END;
CREATE TRIGGER meters_no_delete BEFORE DELETE ON meters
BEGIN SELECT RAISE(ABORT, 'a meter record is never deleted'); END;
CREATE TRIGGER meter_sources_no_update BEFORE UPDATE ON meter_sources
BEGIN SELECT RAISE(ABORT, 'a meter source is never changed'); END;
CREATE TRIGGER meter_sources_no_delete BEFORE DELETE ON meter_sources
BEGIN SELECT RAISE(ABORT, 'a meter source is never deleted'); END;
CREATE TRIGGER accounts_no_update BEFORE UPDATE ON accounts
BEGIN SELECT RAISE(ABORT, 'an account is never changed'); END;
CREATE TRIGGER accounts_no_delete BEFORE DELETE ON accounts
BEGIN SELECT RAISE(ABORT, 'an account is never deleted'); END;

-- http_status 0: the first request with this key is still being answered.
CREATE TABLE idempotency_keys (
    project TEXT NOT NULL REFERENCES projects (id),
    key TEXT NOT NULL,
    request_sha256 TEXT NOT NULL,
    http_status INTEGER NOT NULL,
    body TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (project, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created);

CREATE TABLE standings (
    key TEXT PRIMARY KEY NOT NULL,
    json TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE start_epoch (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    value INTEGER NOT NULL
) STRICT;
INSERT INTO start_epoch (only, value) VALUES (1, 0);
