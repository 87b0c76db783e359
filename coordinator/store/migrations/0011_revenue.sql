-- Contracts with owners about shares; who referred whom and up to how much; what is confirmed,
-- withheld and reversed of what was earned.
CREATE TABLE revenue_contracts (
    id TEXT PRIMARY KEY NOT NULL,
    owner TEXT NOT NULL REFERENCES owners (id),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    terms TEXT NOT NULL,
    first_day INTEGER NOT NULL,
    end_day INTEGER CHECK (end_day > first_day),
    proposed INTEGER NOT NULL,
    proposed_by TEXT NOT NULL,
    signed INTEGER,
    signed_by TEXT REFERENCES credentials (id)
) STRICT;
CREATE INDEX revenue_contracts_by_owner ON revenue_contracts (owner, first_day);
-- What was agreed is evidence: only a signature and an end are added, and the end only earlier.
CREATE TRIGGER revenue_contract_is_evidence BEFORE UPDATE OF
    id, owner, currency, terms, first_day, proposed, proposed_by ON revenue_contracts
BEGIN SELECT RAISE(ABORT, 'a proposed contract is never changed'); END;
CREATE TRIGGER revenue_contract_is_signed_once BEFORE UPDATE OF signed, signed_by
ON revenue_contracts WHEN OLD.signed IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a contract is signed once'); END;
CREATE TRIGGER revenue_contract_is_kept BEFORE DELETE ON revenue_contracts
BEGIN SELECT RAISE(ABORT, 'a contract is never deleted'); END;

CREATE TABLE referral_codes (
    code TEXT PRIMARY KEY NOT NULL,
    partner TEXT NOT NULL REFERENCES partners (id),
    label TEXT NOT NULL,
    created INTEGER NOT NULL,
    revoked INTEGER
) STRICT;
CREATE INDEX referral_codes_by_partner ON referral_codes (partner);
ALTER TABLE owners ADD COLUMN referral_code TEXT REFERENCES referral_codes (code);
ALTER TABLE customers ADD COLUMN referral_code TEXT REFERENCES referral_codes (code);
CREATE INDEX owners_by_referrer ON owners (referred_by) WHERE referred_by IS NOT NULL;
CREATE INDEX customers_by_referrer ON customers (referred_by) WHERE referred_by IS NOT NULL;

-- The most that a partner gets in a month from one referral.
CREATE TABLE commission_caps (
    partner TEXT NOT NULL REFERENCES partners (id),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    micros INTEGER NOT NULL CHECK (micros >= 0),
    PRIMARY KEY (partner, currency)
) STRICT, WITHOUT ROWID;
-- What one referral (an owner's or a customer's id) brought a partner in a month: all of it, and
-- what of it the cap left.
CREATE TABLE commission_months (
    partner TEXT NOT NULL REFERENCES partners (id),
    referral TEXT NOT NULL,
    month INTEGER NOT NULL,
    currency TEXT NOT NULL,
    earned INTEGER NOT NULL,
    confirmed INTEGER NOT NULL,
    PRIMARY KEY (partner, referral, month, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE confirmed_days (
    day INTEGER PRIMARY KEY,
    confirmed INTEGER NOT NULL
) STRICT;
-- A node whose earnings wait for a decision. One row without a decision at most.
CREATE TABLE withheld_nodes (
    node TEXT NOT NULL REFERENCES nodes (id),
    since INTEGER NOT NULL,
    reason TEXT NOT NULL,
    decided INTEGER,
    decision TEXT CHECK (decision IN ('released', 'clawed_back')),
    decided_by TEXT,
    PRIMARY KEY (node, since),
    CHECK ((decided IS NULL) = (decision IS NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX withheld_nodes_open ON withheld_nodes (node) WHERE decided IS NULL;
-- Days that were confirmed for the others while this node's were withheld.
CREATE TABLE withheld_days (
    node TEXT NOT NULL REFERENCES nodes (id),
    day INTEGER NOT NULL,
    PRIMARY KEY (day, node)
) STRICT, WITHOUT ROWID;
CREATE INDEX withheld_days_by_node ON withheld_days (node);

-- Meter records of a source and day, numbers [first, last] but for those that an earlier row covers,
-- that were reversed by an entry; the sums are of those that this row covers first.
CREATE TABLE reversals (
    source INTEGER NOT NULL REFERENCES meter_sources (number),
    first INTEGER NOT NULL,
    last INTEGER NOT NULL CHECK (last >= first),
    day INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    reason TEXT NOT NULL,
    ordered_by TEXT NOT NULL,
    parts INTEGER NOT NULL,
    price INTEGER NOT NULL,
    owner_share INTEGER NOT NULL,
    owner_partner_share INTEGER NOT NULL,
    customer_partner_share INTEGER NOT NULL,
    PRIMARY KEY (source, first, last)
) STRICT, WITHOUT ROWID;
CREATE INDEX reversals_by_day ON reversals (day);
CREATE TRIGGER reversals_no_update BEFORE UPDATE ON reversals
BEGIN SELECT RAISE(ABORT, 'a reversal is never changed'); END;
CREATE TRIGGER reversals_no_delete BEFORE DELETE ON reversals
BEGIN SELECT RAISE(ABORT, 'a reversal is never deleted'); END;

CREATE VIEW work_not_confirmed AS
SELECT s.*, w.day AS day, w.owner_share AS owner_share,
       w.owner_partner_share AS owner_partner_share,
       w.customer_partner_share AS customer_partner_share
FROM (
    SELECT source, day, owner_share, owner_partner_share, customer_partner_share FROM meter_days
    UNION ALL
    SELECT source, day, -owner_share, -owner_partner_share, -customer_partner_share
    FROM reversals) w JOIN work_sources s ON s.source = w.source
WHERE w.day > coalesce((SELECT max(day) FROM confirmed_days), -1)
   OR EXISTS (SELECT 1 FROM withheld_days h WHERE h.node = s.node AND h.day = w.day);
