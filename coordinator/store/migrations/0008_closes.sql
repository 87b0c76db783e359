-- What operators did (a chain of hashes), closed periods of the books, and what stays here of months
-- whose rows were moved to an archive.

-- A row before the act (intent = 0) and one after it (intent = the first one's number). hash covers
-- the row before and all other columns: see coordinator/ledger/audit_chain.h.
CREATE TABLE audit (
    number INTEGER PRIMARY KEY CHECK (number > 0),
    at INTEGER NOT NULL,
    operator TEXT NOT NULL,
    credential TEXT NOT NULL,
    action TEXT NOT NULL,
    sent TEXT NOT NULL,
    intent INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    hash TEXT NOT NULL CHECK (length(hash) = 64)
) STRICT;
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_operator ON audit (operator, number);
CREATE UNIQUE INDEX audit_outcomes ON audit (intent) WHERE intent > 0;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'what was done is never changed'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'what was done is never deleted'); END;
CREATE TRIGGER audit_no_gap BEFORE INSERT ON audit
WHEN NEW.number <> 1 + (SELECT coalesce(max(number), 0) FROM audit)
BEGIN SELECT RAISE(ABORT, 'the audit log has no gaps'); END;

-- No entry gets a number below frozen_until: those days are closed. Entries and meter records below
-- archived_until are in archives; rows of theirs that are still here are being deleted and are not
-- read any more. Both only grow.
CREATE TABLE book_marks (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    frozen_until INTEGER NOT NULL,
    archived_until INTEGER NOT NULL CHECK (archived_until <= frozen_until)
) STRICT;
INSERT INTO book_marks (only, frozen_until, archived_until) VALUES (1, 0, 0);
CREATE TRIGGER book_marks_grow BEFORE UPDATE ON book_marks
WHEN NEW.frozen_until < OLD.frozen_until OR NEW.archived_until < OLD.archived_until
BEGIN SELECT RAISE(ABORT, 'a closed period stays closed'); END;
CREATE TRIGGER book_marks_no_delete BEFORE DELETE ON book_marks
BEGIN SELECT RAISE(ABORT, 'a closed period stays closed'); END;

-- number: a day or a month, both counted from January 1970 in Shanghai. last_receipt: the newest
-- receipt that was looked at, so that each one is looked at once.
CREATE TABLE closes (
    kind TEXT NOT NULL CHECK (kind IN ('day', 'month')),
    number INTEGER NOT NULL,
    closed INTEGER NOT NULL,
    operator TEXT NOT NULL,
    despite TEXT NOT NULL,
    mismatches INTEGER NOT NULL,
    report TEXT NOT NULL,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    audit_number INTEGER NOT NULL,
    audit_hash TEXT NOT NULL,
    last_receipt INTEGER NOT NULL,
    PRIMARY KEY (kind, number)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER closes_no_update BEFORE UPDATE ON closes
BEGIN SELECT RAISE(ABORT, 'a close is never changed'); END;
CREATE TRIGGER closes_no_delete BEFORE DELETE ON closes
BEGIN SELECT RAISE(ABORT, 'a close is never deleted'); END;
CREATE TRIGGER closes_no_gap BEFORE INSERT ON closes
WHEN EXISTS (SELECT 1 FROM closes WHERE kind = NEW.kind)
    AND NEW.number <> 1 + (SELECT max(number) FROM closes WHERE kind = NEW.kind)
BEGIN SELECT RAISE(ABORT, 'periods are closed in order'); END;

-- Balances at the end of a closed month, of the accounts that had postings in it: an account's
-- balance at a month's end is its last row up to that month.
CREATE TABLE month_balances (
    account INTEGER NOT NULL REFERENCES accounts (number),
    month INTEGER NOT NULL,
    micros INTEGER NOT NULL,
    PRIMARY KEY (account, month)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER month_balances_no_update BEFORE UPDATE ON month_balances
BEGIN SELECT RAISE(ABORT, 'a closed balance is never changed'); END;
CREATE TRIGGER month_balances_no_delete BEFORE DELETE ON month_balances
BEGIN SELECT RAISE(ABORT, 'a closed balance is never deleted'); END;

-- Work that is done once for each closed day. done: when; NULL: not yet.
CREATE TABLE daily_steps (
    day INTEGER NOT NULL,
    name TEXT NOT NULL,
    done INTEGER,
    PRIMARY KEY (day, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX daily_steps_open ON daily_steps (name, day) WHERE done IS NULL;

-- Months whose entries, postings and meter records are in a file of their own. swept: none is left
-- here.
CREATE TABLE archives (
    month INTEGER PRIMARY KEY,
    file TEXT NOT NULL,
    archived INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    postings INTEGER NOT NULL,
    meters INTEGER NOT NULL,
    swept INTEGER NOT NULL DEFAULT 0 CHECK (swept IN (0, 1))
) STRICT;
CREATE TRIGGER archives_no_delete BEFORE DELETE ON archives
BEGIN SELECT RAISE(ABORT, 'an archive is never forgotten'); END;

-- What stays here of archived rows: sums of postings by day, what keyed entries posted, and the
-- attempts that were billed.
CREATE TABLE archived_days (
    account INTEGER NOT NULL REFERENCES accounts (number),
    day INTEGER NOT NULL,
    kind TEXT NOT NULL,
    items INTEGER NOT NULL,
    micros INTEGER NOT NULL,
    PRIMARY KEY (account, day, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE archived_keys (
    key TEXT NOT NULL,
    account INTEGER NOT NULL REFERENCES accounts (number),
    micros INTEGER NOT NULL,
    PRIMARY KEY (key, account)
) STRICT, WITHOUT ROWID;
CREATE TABLE archived_attempts (
    attempt_key TEXT PRIMARY KEY NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER archived_days_no_update BEFORE UPDATE ON archived_days
BEGIN SELECT RAISE(ABORT, 'an archived sum is never changed'); END;
CREATE TRIGGER archived_days_no_delete BEFORE DELETE ON archived_days
BEGIN SELECT RAISE(ABORT, 'an archived sum is never deleted'); END;
CREATE TRIGGER archived_keys_no_update BEFORE UPDATE ON archived_keys
BEGIN SELECT RAISE(ABORT, 'an archived key is never changed'); END;
CREATE TRIGGER archived_keys_no_delete BEFORE DELETE ON archived_keys
BEGIN SELECT RAISE(ABORT, 'an archived key is never deleted'); END;
CREATE TRIGGER archived_attempts_no_delete BEFORE DELETE ON archived_attempts
BEGIN SELECT RAISE(ABORT, 'an archived attempt is never deleted'); END;

DROP TRIGGER entries_no_delete;
CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries
WHEN OLD.number >= (SELECT archived_until FROM book_marks WHERE only = 1)
BEGIN SELECT RAISE(ABORT, 'an entry is never deleted'); END;
DROP TRIGGER postings_no_delete;
CREATE TRIGGER postings_no_delete BEFORE DELETE ON postings
WHEN OLD.entry >= (SELECT archived_until FROM book_marks WHERE only = 1)
BEGIN SELECT RAISE(ABORT, 'a posting is never deleted'); END;
DROP TRIGGER meters_no_delete;
CREATE TRIGGER meters_no_delete BEFORE DELETE ON meters
WHEN OLD.number >= 1024 * (SELECT archived_until FROM book_marks WHERE only = 1)
BEGIN SELECT RAISE(ABORT, 'a meter record is never deleted'); END;

-- The journal without what is archived.
CREATE VIEW live_entries AS SELECT number, kind, key FROM entries
WHERE number >= (SELECT archived_until FROM book_marks WHERE only = 1);
CREATE VIEW live_postings AS SELECT account, entry, micros FROM postings
WHERE entry >= (SELECT archived_until FROM book_marks WHERE only = 1);
CREATE VIEW live_meters AS SELECT * FROM meters
WHERE number >= 1024 * (SELECT archived_until FROM book_marks WHERE only = 1);
CREATE VIEW live_work AS SELECT * FROM work
WHERE number >= 1024 * (SELECT archived_until FROM book_marks WHERE only = 1);
-- Each account's balance when the archived months ended.
CREATE VIEW archived_balances AS
SELECT a.number AS account, coalesce((
    SELECT m.micros FROM month_balances m
    WHERE m.account = a.number AND m.month <= (SELECT max(month) FROM archives)
    ORDER BY m.month DESC LIMIT 1), 0) AS micros
FROM accounts a;

CREATE INDEX jobs_by_end ON jobs (ended) WHERE ended IS NOT NULL;

-- Sums of archived days that are in force: those of a month are written before it counts as
-- archived.
CREATE VIEW past_days AS SELECT account, day, kind, items, micros FROM archived_days
WHERE day < (SELECT (archived_until + 28800000000) / 86400000000 FROM book_marks WHERE only = 1);
