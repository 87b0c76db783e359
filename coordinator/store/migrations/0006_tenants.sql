-- Keys with scopes and limits, customers' weights and credit, what everybody spends in a month, and
-- budgets with their alerts. Hours and months: an hour is counted from 1970 in UTC, a month from
-- January 1970 in Shanghai.
ALTER TABLE customers ADD COLUMN weight INTEGER NOT NULL DEFAULT 100
    CHECK (weight BETWEEN 1 AND 1000);
ALTER TABLE credentials ADD COLUMN scopes TEXT NOT NULL DEFAULT 'inference batches files usage';
-- Of a project's key, in the project's currency; NULL: none.
ALTER TABLE credentials ADD COLUMN monthly_cap INTEGER CHECK (monthly_cap > 0);
ALTER TABLE credentials ADD COLUMN requests_per_minute INTEGER CHECK (requests_per_minute > 0);
ALTER TABLE credentials ADD COLUMN tokens_per_minute INTEGER CHECK (tokens_per_minute > 0);
ALTER TABLE credentials ADD COLUMN expires INTEGER;

CREATE TABLE credit_limits (
    customer TEXT NOT NULL REFERENCES customers (id),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    micros INTEGER NOT NULL CHECK (micros >= 0),
    changed INTEGER NOT NULL,
    PRIMARY KEY (customer, currency)
) STRICT, WITHOUT ROWID;

-- The key that made a batch; empty: made before keys were noted.
ALTER TABLE jobs ADD COLUMN api_key TEXT NOT NULL DEFAULT '';
CREATE INDEX jobs_open_by_key ON jobs (api_key) WHERE ended IS NULL;
CREATE INDEX jobs_open_by_project ON jobs (project) WHERE ended IS NULL;
CREATE INDEX jobs_open_by_customer ON jobs (customer) WHERE ended IS NULL;

-- Who asked for what: the repeated part of a meter record from the customer's side, kept once.
CREATE TABLE usage_sources (
    number INTEGER PRIMARY KEY,
    project TEXT NOT NULL REFERENCES projects (id),
    customer TEXT NOT NULL REFERENCES customers (id),
    api_key TEXT NOT NULL,
    model_sha256 TEXT NOT NULL,
    model TEXT NOT NULL,
    embeddings INTEGER NOT NULL CHECK (embeddings IN (0, 1)),
    batch INTEGER NOT NULL CHECK (batch IN (0, 1)),
    UNIQUE (project, api_key, model_sha256, batch)
) STRICT;
CREATE INDEX usage_sources_by_customer ON usage_sources (customer);
CREATE TRIGGER usage_sources_no_update BEFORE UPDATE ON usage_sources
BEGIN SELECT RAISE(ABORT, 'a usage source is never changed'); END;
CREATE TRIGGER usage_sources_no_delete BEFORE DELETE ON usage_sources
BEGIN SELECT RAISE(ABORT, 'a usage source is never deleted'); END;

INSERT INTO usage_sources (project, customer, api_key, model_sha256, model, embeddings, batch)
SELECT s.project, s.customer, '', s.model_sha256, max(s.model),
       coalesce((SELECT max(embeddings) FROM models o WHERE o.sha256 = s.model_sha256), 0),
       m.attempt_key NOT LIKE 's%' AS batch
FROM meters m JOIN meter_sources s ON s.number = m.source
GROUP BY s.project, s.customer, s.model_sha256, batch;

ALTER TABLE meters ADD COLUMN usage INTEGER REFERENCES usage_sources (number);
DROP TRIGGER meters_no_update;
UPDATE meters SET usage = (
    SELECT u.number FROM meter_sources s JOIN usage_sources u
        ON u.project = s.project AND u.api_key = '' AND u.model_sha256 = s.model_sha256
    WHERE s.number = meters.source AND u.batch = (meters.attempt_key NOT LIKE 's%'));
CREATE TRIGGER meters_no_update BEFORE UPDATE ON meters
BEGIN SELECT RAISE(ABORT, 'a meter record is never changed'); END;

CREATE TABLE usage_hours (
    source INTEGER NOT NULL REFERENCES usage_sources (number),
    hour INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    generated_tokens INTEGER NOT NULL,
    price INTEGER NOT NULL,
    PRIMARY KEY (source, hour)
) STRICT, WITHOUT ROWID;
INSERT INTO usage_hours (source, hour, requests, prompt_tokens, cached_tokens, generated_tokens,
                         price)
SELECT usage, number / 1024 / 3600000000 AS hour, sum(number % 1024 = 0), sum(prompt_tokens),
       sum(cached_tokens), sum(generated_tokens), sum(price)
FROM meters GROUP BY usage, hour;

-- Whose money is counted by month, in one currency: a key's, a project's, a customer's.
CREATE TABLE spenders (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('key', 'project', 'customer')),
    id TEXT NOT NULL,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    UNIQUE (kind, id, currency)
) STRICT;
CREATE TABLE spend_months (
    spender INTEGER NOT NULL REFERENCES spenders (number),
    month INTEGER NOT NULL,
    micros INTEGER NOT NULL,
    PRIMARY KEY (spender, month)
) STRICT, WITHOUT ROWID;

-- What was spent by month, from the days of accounts; keys were not noted until now.
CREATE VIEW spend_of_days AS
SELECT s.project AS project, s.customer AS customer, p.currency AS currency,
       (strftime('%Y', d.day * 86400, 'unixepoch') - 1970) * 12
           + strftime('%m', d.day * 86400, 'unixepoch') - 1 AS month,
       d.price AS price
FROM meter_days d JOIN meter_sources s ON s.number = d.source JOIN projects p ON p.id = s.project;
INSERT INTO spenders (kind, id, currency)
SELECT DISTINCT 'project', project, currency FROM spend_of_days;
INSERT INTO spenders (kind, id, currency)
SELECT DISTINCT 'customer', customer, currency FROM spend_of_days;
INSERT INTO spend_months (spender, month, micros)
SELECT b.number, d.month, sum(d.price) FROM spend_of_days d
    JOIN spenders b ON b.kind = 'project' AND b.id = d.project AND b.currency = d.currency
GROUP BY b.number, d.month;
INSERT INTO spend_months (spender, month, micros)
SELECT b.number, d.month, sum(d.price) FROM spend_of_days d
    JOIN spenders b ON b.kind = 'customer' AND b.id = d.customer AND b.currency = d.currency
GROUP BY b.number, d.month;

CREATE TABLE budgets (
    number INTEGER PRIMARY KEY,
    spender INTEGER NOT NULL UNIQUE REFERENCES spenders (number),
    amount INTEGER NOT NULL CHECK (amount > 0),
    hard INTEGER NOT NULL CHECK (hard IN (0, 1)),
    created INTEGER NOT NULL,
    changed INTEGER NOT NULL
) STRICT;
CREATE TABLE budget_thresholds (
    budget INTEGER NOT NULL REFERENCES budgets (number),
    percent INTEGER NOT NULL CHECK (percent BETWEEN 1 AND 1000),
    PRIMARY KEY (budget, percent)
) STRICT, WITHOUT ROWID;

-- One per threshold and month; what a budget said then stays. `delivered_at`: when the customer
-- was told, for who will tell them.
CREATE TABLE budget_alerts (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    spender INTEGER NOT NULL REFERENCES spenders (number),
    customer TEXT NOT NULL REFERENCES customers (id),
    month INTEGER NOT NULL,
    percent INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    spent INTEGER NOT NULL,
    hard INTEGER NOT NULL CHECK (hard IN (0, 1)),
    raised INTEGER NOT NULL,
    delivered_at INTEGER,
    UNIQUE (spender, month, percent)
) STRICT;
CREATE INDEX budget_alerts_by_customer ON budget_alerts (customer);
CREATE INDEX budget_alerts_undelivered ON budget_alerts (number) WHERE delivered_at IS NULL;
