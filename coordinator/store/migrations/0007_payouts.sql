-- What operators may do. Those from before could do everything, and still can.
CREATE TABLE operators (
    name TEXT PRIMARY KEY NOT NULL CHECK (length(name) > 0),
    role TEXT NOT NULL CHECK (role IN ('admin', 'finance', 'support')),
    created INTEGER NOT NULL
) STRICT;
INSERT INTO operators (name, role, created)
SELECT subject, 'admin', min(created) FROM credentials WHERE kind = 'operator' GROUP BY subject;

-- Where a party's money goes. A change is a new version; the older ones stay, since payouts name
-- the one that they are sent to. The data itself is sealed (coordinator/vault).
CREATE TABLE payout_accounts (
    party_kind TEXT NOT NULL CHECK (party_kind IN ('owner', 'partner')),
    party TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    method TEXT NOT NULL CHECK (method IN ('bank', 'alipay', 'wechat')),
    masked TEXT NOT NULL,
    sealed TEXT NOT NULL CHECK (length(sealed) > 0),
    created INTEGER NOT NULL,
    verified INTEGER,
    verified_by TEXT,
    PRIMARY KEY (party_kind, party, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX payout_accounts_by_party ON payout_accounts (party, version);
CREATE TRIGGER payout_accounts_no_update BEFORE UPDATE OF
    party_kind, party, version, method, masked, created ON payout_accounts
BEGIN SELECT RAISE(ABORT, 'a payout account is never changed: set a new one'); END;
CREATE TRIGGER payout_accounts_verified_once BEFORE UPDATE OF verified, verified_by
ON payout_accounts WHEN OLD.verified IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a payout account is verified once'); END;
CREATE TRIGGER payout_accounts_no_delete BEFORE DELETE ON payout_accounts
BEGIN SELECT RAISE(ABORT, 'a payout account is never deleted'); END;

-- A file for a bank. Its lines are the payouts that name it, by their number.
CREATE TABLE payout_batches (
    number INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    method TEXT NOT NULL CHECK (method IN ('bank', 'alipay', 'wechat')),
    payouts INTEGER NOT NULL CHECK (payouts > 0),
    micros INTEGER NOT NULL CHECK (micros > 0),
    payer_login TEXT NOT NULL,
    payer_name TEXT NOT NULL,
    exported INTEGER NOT NULL,
    exported_by TEXT NOT NULL
) STRICT;
CREATE TRIGGER payout_batches_no_update BEFORE UPDATE ON payout_batches
BEGIN SELECT RAISE(ABORT, 'a batch of payouts is never changed'); END;
CREATE TRIGGER payout_batches_no_delete BEFORE DELETE ON payout_batches
BEGIN SELECT RAISE(ABORT, 'a batch of payouts is never deleted'); END;

-- Money on its way out. Its account in the journal is payout:<id>.
CREATE TABLE payouts (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    key TEXT NOT NULL UNIQUE,
    party_kind TEXT NOT NULL,
    party TEXT NOT NULL,
    account_version INTEGER NOT NULL,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    micros INTEGER NOT NULL CHECK (micros > 0 AND micros % 10000 = 0),
    state TEXT NOT NULL CHECK (state IN ('requested', 'approved', 'sent', 'settled', 'failed',
                                         'rejected')),
    approvals_needed INTEGER NOT NULL CHECK (approvals_needed IN (1, 2)),
    origin TEXT NOT NULL CHECK (origin IN ('party', 'operator', 'schedule')),
    requested_by TEXT NOT NULL,
    requested INTEGER NOT NULL,
    approved INTEGER,
    sent INTEGER,
    batch INTEGER REFERENCES payout_batches (number),
    ended INTEGER,
    ended_by TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '',
    FOREIGN KEY (party_kind, party, account_version)
        REFERENCES payout_accounts (party_kind, party, version),
    CHECK ((batch IS NOT NULL) = (state IN ('sent', 'settled', 'failed')))
) STRICT;
CREATE INDEX payouts_by_party ON payouts (party, number);
CREATE INDEX payouts_by_state ON payouts (state, number);
CREATE INDEX payouts_by_batch ON payouts (batch, number) WHERE batch IS NOT NULL;
CREATE TRIGGER payouts_no_update BEFORE UPDATE OF number, id, key, party_kind, party,
    account_version, currency, micros, approvals_needed, origin, requested_by, requested ON payouts
BEGIN SELECT RAISE(ABORT, 'a payout is never changed'); END;
CREATE TRIGGER payouts_stay_in_their_batch BEFORE UPDATE OF batch ON payouts
WHEN OLD.batch IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a payout is sent in one batch'); END;
CREATE TRIGGER payouts_go_one_way BEFORE UPDATE OF state ON payouts
WHEN NOT ((OLD.state = 'requested' AND NEW.state IN ('approved', 'rejected'))
    OR (OLD.state = 'approved' AND NEW.state IN ('sent', 'rejected'))
    OR (OLD.state = 'sent' AND NEW.state IN ('settled', 'failed')))
BEGIN SELECT RAISE(ABORT, 'a payout goes one way'); END;
CREATE TRIGGER payouts_no_delete BEFORE DELETE ON payouts
BEGIN SELECT RAISE(ABORT, 'a payout is never deleted'); END;

CREATE TABLE payout_approvals (
    payout INTEGER NOT NULL REFERENCES payouts (number),
    operator TEXT NOT NULL REFERENCES operators (name),
    at INTEGER NOT NULL,
    PRIMARY KEY (payout, operator)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER payout_approvals_no_update BEFORE UPDATE ON payout_approvals
BEGIN SELECT RAISE(ABORT, 'an approval is never changed'); END;
CREATE TRIGGER payout_approvals_no_delete BEFORE DELETE ON payout_approvals
BEGIN SELECT RAISE(ABORT, 'an approval is never deleted'); END;

-- Payouts as they are shown: with where they go and who agreed.
CREATE VIEW payouts_shown AS
SELECT p.number AS number, p.id AS id, p.party_kind AS party_kind, p.party AS party,
       p.account_version AS account_version, a.method AS method, a.masked AS masked,
       a.sealed AS sealed, p.currency AS currency, p.micros AS micros, p.state AS state,
       p.approvals_needed AS approvals_needed, p.origin AS origin, p.requested_by AS requested_by,
       p.requested AS requested, p.approved AS approved, p.sent AS sent, p.batch AS batch,
       p.ended AS ended, p.ended_by AS ended_by, p.note AS note,
       (SELECT group_concat(operator, char(10)) FROM payout_approvals WHERE payout = p.number)
           AS approved_by
FROM payouts p JOIN payout_accounts a
    ON a.party_kind = p.party_kind AND a.party = p.party AND a.version = p.account_version;
