-- How each node's devices were used, by day (counted from 1970, in Shanghai): microseconds of
-- device time. Leased time is useful + all that was lost, offered time is that + idle: both are
-- sums of what stands here and stored nowhere. For estimates and owners' eyes; of money, only how far
-- a guaranteed minimum is paid depends on it.
CREATE TABLE node_days (
    node TEXT NOT NULL REFERENCES nodes (id),
    day INTEGER NOT NULL,
    idle INTEGER NOT NULL CHECK (idle >= 0),
    useful INTEGER NOT NULL CHECK (useful >= 0),
    loading INTEGER NOT NULL CHECK (loading >= 0),
    reclaimed INTEGER NOT NULL CHECK (reclaimed >= 0),
    connection INTEGER NOT NULL CHECK (connection >= 0),
    engine INTEGER NOT NULL CHECK (engine >= 0),
    rejected INTEGER NOT NULL CHECK (rejected >= 0),
    repeated INTEGER NOT NULL CHECK (repeated >= 0),
    verification INTEGER NOT NULL CHECK (verification >= 0),
    cancelled INTEGER NOT NULL CHECK (cancelled >= 0),
    waiting INTEGER NOT NULL CHECK (waiting >= 0),
    watt_seconds INTEGER NOT NULL CHECK (watt_seconds >= 0),
    PRIMARY KEY (node, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX node_days_by_day ON node_days (day);

-- What a kilowatt-hour costs the site from a day on, until the next row.
CREATE TABLE electricity_prices (
    site TEXT NOT NULL REFERENCES sites (id),
    day INTEGER NOT NULL,
    micros_per_kwh INTEGER NOT NULL CHECK (micros_per_kwh >= 0),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    PRIMARY KEY (site, day)
) STRICT, WITHOUT ROWID;

CREATE VIEW node_use AS
SELECT d.*, n.site AS site, n.hostname AS hostname, s.owner AS owner, s.name AS site_name,
       o.name AS owner_name,
       (SELECT e.micros_per_kwh FROM electricity_prices e
        WHERE e.site = n.site AND e.day <= d.day ORDER BY e.day DESC LIMIT 1) AS micros_per_kwh,
       (SELECT e.currency FROM electricity_prices e
        WHERE e.site = n.site AND e.day <= d.day ORDER BY e.day DESC LIMIT 1) AS currency
FROM node_days d JOIN nodes n ON n.id = d.node JOIN sites s ON s.id = n.site
    JOIN owners o ON o.id = s.owner;

-- What work brought owners, with the names under which it is summed.
CREATE INDEX meter_sources_by_site ON meter_sources (site);
CREATE VIEW owner_work AS
SELECT w.*, n.hostname AS hostname, s.name AS site_name, o.name AS owner_name
FROM work_of_days w JOIN nodes n ON n.id = w.node JOIN sites s ON s.id = w.site
    JOIN owners o ON o.id = w.owner;

-- Arithmetic and memory of a report, by which devices of different kinds are compared: thousandths
-- of GFLOPS and of GB/s. 0: not measured.
ALTER TABLE bench_reports ADD COLUMN gflops_milli INTEGER NOT NULL DEFAULT 0;
ALTER TABLE bench_reports ADD COLUMN copy_milli INTEGER NOT NULL DEFAULT 0;
UPDATE bench_reports SET
    gflops_milli = coalesce(
        (SELECT CAST(min(json_extract(f.value, '$.median')
                         * CASE json_extract(f.value, '$.unit') WHEN 'TFLOPS' THEN 1000 ELSE 1 END,
                         1000000000000.0) * 1000 AS INTEGER)
         FROM json_each(bench_reports.report, '$.figures') f
         WHERE json_extract(f.value, '$.name') = 'fp32'), 0),
    copy_milli = coalesce(
        (SELECT CAST(min(json_extract(f.value, '$.median'), 1000000000000.0) * 1000 AS INTEGER)
         FROM json_each(bench_reports.report, '$.figures') f
         WHERE json_extract(f.value, '$.name') = 'memory_copy'), 0)
WHERE json_valid(report);
