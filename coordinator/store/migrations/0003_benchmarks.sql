-- What nodes measured of their devices and what was thought of it. The same text is one report,
-- however often it is handed in.
CREATE TABLE bench_reports (
    node TEXT NOT NULL REFERENCES nodes (id),
    device TEXT NOT NULL,
    device_name TEXT NOT NULL,
    score INTEGER NOT NULL,
    report_sha256 TEXT NOT NULL CHECK (length(report_sha256) = 64),
    measured INTEGER NOT NULL,
    received INTEGER NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('unknown', 'plausible', 'too_good', 'too_poor')),
    english TEXT NOT NULL,
    chinese TEXT NOT NULL,
    report TEXT NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (node, report_sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX bench_reports_by_device ON bench_reports (node, device, measured);
CREATE INDEX bench_reports_by_name ON bench_reports (device_name, received);

-- The whole grid by UTC day (counted from 1970) and kind of device: device time that was on offer,
-- and what of it was sold. A sum of live sessions and of meter records: for estimates, not money.
CREATE TABLE grid_days (
    day INTEGER NOT NULL,
    device_class TEXT NOT NULL,
    offered_seconds INTEGER NOT NULL DEFAULT 0 CHECK (offered_seconds >= 0),
    sold_micros INTEGER NOT NULL DEFAULT 0,
    paid_micros INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (day, device_class)
) STRICT, WITHOUT ROWID;
