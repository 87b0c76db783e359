-- What customers bind themselves to: machines reserved by the hour or for a term, or an amount of
-- work a month at locked prices (then device_class is empty).
CREATE TABLE customer_contracts (
    id TEXT PRIMARY KEY NOT NULL,
    project TEXT NOT NULL REFERENCES projects (id),
    customer TEXT NOT NULL REFERENCES customers (id),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    device_class TEXT NOT NULL,
    devices INTEGER NOT NULL CHECK (devices >= 0 AND (devices = 0) = (device_class = '')),
    privacy TEXT NOT NULL,
    begins INTEGER NOT NULL,
    months INTEGER NOT NULL CHECK (months >= 0),
    renews INTEGER NOT NULL CHECK (renews IN (0, 1)),
    wanted_end INTEGER,
    monthly INTEGER NOT NULL CHECK (monthly >= 0),
    deposit INTEGER NOT NULL CHECK (deposit >= 0),
    reprice_threshold INTEGER NOT NULL,
    reprice_fee INTEGER NOT NULL,
    termination_penalty INTEGER NOT NULL,
    offered INTEGER NOT NULL,
    offered_by TEXT NOT NULL,
    valid_until INTEGER NOT NULL,
    signed INTEGER,
    signed_by TEXT REFERENCES credentials (id),
    ends INTEGER CHECK (ends >= begins OR end_reason <> ''),
    end_reason TEXT NOT NULL DEFAULT '',
    billed_until INTEGER NOT NULL,
    settled INTEGER NOT NULL DEFAULT 0 CHECK (settled IN (0, 1))
) STRICT;
CREATE INDEX customer_contracts_by_customer ON customer_contracts (customer, offered);
CREATE INDEX customer_contracts_by_project ON customer_contracts (project, begins);
CREATE INDEX customer_contracts_live ON customer_contracts (device_class, begins)
    WHERE signed IS NOT NULL AND settled = 0;
-- What was offered is evidence: only a signature, an end and what is billed are added.
CREATE TRIGGER customer_contract_is_evidence BEFORE UPDATE OF
    id, project, customer, currency, device_class, devices, privacy, begins, months, renews,
    wanted_end, monthly, deposit, reprice_threshold, reprice_fee, termination_penalty, offered,
    offered_by, valid_until ON customer_contracts
BEGIN SELECT RAISE(ABORT, 'an offered contract is never changed'); END;
CREATE TRIGGER customer_contract_is_signed_once BEFORE UPDATE OF signed, signed_by
ON customer_contracts WHEN OLD.signed IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a contract is signed once'); END;
CREATE TRIGGER customer_contract_is_billed_on BEFORE UPDATE OF billed_until, settled
ON customer_contracts WHEN NEW.billed_until < OLD.billed_until OR NEW.settled < OLD.settled
BEGIN SELECT RAISE(ABORT, 'what is billed stays billed'); END;
CREATE TRIGGER customer_contract_is_kept BEFORE DELETE ON customer_contracts
BEGIN SELECT RAISE(ABORT, 'a contract is never deleted'); END;

-- The prices of a contract, each from a moment on: locked at its offer, and at each repricing.
CREATE TABLE contract_prices (
    contract TEXT NOT NULL REFERENCES customer_contracts (id),
    begins INTEGER NOT NULL,
    price_book INTEGER NOT NULL,
    hour TEXT NOT NULL,
    monthly INTEGER NOT NULL,
    fee INTEGER NOT NULL CHECK (fee >= 0),
    PRIMARY KEY (contract, begins)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER contract_prices_no_update BEFORE UPDATE ON contract_prices
BEGIN SELECT RAISE(ABORT, 'a locked price is never changed'); END;
CREATE TRIGGER contract_prices_no_delete BEFORE DELETE ON contract_prices
BEGIN SELECT RAISE(ABORT, 'a locked price is never deleted'); END;

-- Device time that machines gave, by hour (since 1970, UTC), until the hour is billed.
CREATE TABLE reserved_use (
    contract TEXT NOT NULL REFERENCES customer_contracts (id),
    hour INTEGER NOT NULL,
    node TEXT NOT NULL REFERENCES nodes (id),
    site TEXT NOT NULL REFERENCES sites (id),
    owner TEXT NOT NULL REFERENCES owners (id),
    device_micros INTEGER NOT NULL CHECK (device_micros >= 0),
    reference_micros INTEGER NOT NULL CHECK (reference_micros >= 0),
    PRIMARY KEY (contract, hour, node)
) STRICT, WITHOUT ROWID;

-- Meter records of reserved hours, by the attempt key that they have: r:CONTRACT:HOUR:NODE.
CREATE VIEW live_reserved_meters AS
SELECT contract, substr(rest, 1, instr(rest, ':') - 1) AS hour, number, price, device_micros
FROM (SELECT substr(attempt_key, 3, instr(substr(attempt_key, 3), ':') - 1) AS contract,
             substr(attempt_key, 3 + instr(substr(attempt_key, 3), ':')) AS rest, number, price,
             device_micros
      FROM live_meters WHERE attempt_key >= 'r:ctr_' AND attempt_key < 'r:ctr`');

-- Each hour of a reservation: what was promised, given and billed. `unfunded`: of one device, the
-- time in which nobody could pay for it, which was not promised.
CREATE TABLE reserved_hours (
    contract TEXT NOT NULL REFERENCES customer_contracts (id),
    hour INTEGER NOT NULL,
    unfunded INTEGER NOT NULL DEFAULT 0,
    promised INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0 CHECK (delivered <= promised),
    charged INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (contract, hour)
) STRICT, WITHOUT ROWID;
